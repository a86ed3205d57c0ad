// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static io.github.md4.core.network.transformer.GaussianToy.NOISE;
import static io.github.md4.core.network.transformer.GaussianToy.V;
import static io.github.md4.core.network.transformer.GaussianToy.WIDTH;
import static io.github.md4.core.network.transformer.GaussianToy.batch;
import static io.github.md4.core.network.transformer.GaussianToy.config;
import static io.github.md4.core.network.transformer.GaussianToy.input;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.DeviceException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.NoisyVectors;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class GaussianTransformerTest {
  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private Network network(double selfConditioning) {
    return config(selfConditioning).network(manager, V, Precision.FLOAT32);
  }

  /** With blocks that say nothing, the outputs are the formulas in doubles. */
  @Test
  @Tag("exact")
  void outputs_areThePosteriorUnderEvenOdds_itsMeanAndDistance() {
    try (Network network = network(0);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(4));
        NDManager scope = manager.newSubManager()) {
      QueryBatch batch = batch();
      float[] table = parameters.get("vectors.weight").toFloatArray();
      double[][] e = new double[V][WIDTH];
      for (int v = 0; v < V; v++) {
        double length = Math.hypot(table[2 * v], table[2 * v + 1]);
        e[v][0] = table[2 * v] / length * Math.sqrt(2);
        e[v][1] = table[2 * v + 1] / length * Math.sqrt(2);
      }
      float[] out = outputs(scope, network, parameters, batch);
      for (int r = 0; r < 12; r++) {
        double scale = batch.condition().vectors().get(r / 4).scale();
        float[] added = batch.condition().vectors().get(r / 4).added();
        double[] clean = e[batch.zt()[r / 4][r % 4]];
        double[] z = {
          scale * clean[0] + added[2 * (r % 4)], scale * clean[1] + added[2 * (r % 4) + 1]
        };
        double[] mu = new double[V];
        double sum = 0;
        for (int v = 0; v < V; v++) {
          double logit = scale / (1 - scale * scale) * (z[0] * e[v][0] + z[1] * e[v][1]);
          assertThat(out[r * 6 + v]).isCloseTo((float) logit, within(1e-3f));
          mu[v] = Math.exp(logit);
          sum += mu[v];
        }
        double distance = 0;
        for (int d = 0; d < WIDTH; d++) {
          double guess = (mu[0] * e[0][d] + mu[1] * e[1][d] + mu[2] * e[2][d]) / sum;
          assertThat(out[r * 6 + V + d]).isCloseTo((float) guess, within(1e-4f));
          distance += (guess - clean[d]) * (guess - clean[d]);
        }
        assertThat(out[r * 6 + 5]).isCloseTo((float) distance, within(1e-3f));
      }
    }
  }

  private static float[] outputs(
      NDManager scope, Network network, Parameters parameters, QueryBatch batch) {
    long[] zt = new long[12];
    long[] rows = new long[12];
    for (int i = 0; i < 12; i++) {
      zt[i] = batch.zt()[i / 4][i % 4];
      rows[i] = i;
    }
    return network
        .denoiser(parameters)
        .logits(scope.create(zt, new Shape(3, 4)), batch.condition(), scope.create(rows))
        .toFloatArray();
  }

  /** A mask counts as a zero vector, so that a state may be shown whole. */
  @Test
  @Tag("exact")
  void masks_showTheirVectorsAlone() {
    try (Network network = network(0.5);
        Parameters parameters = RandomParameters.of(manager, network, 6);
        NDManager scope = manager.newSubManager()) {
      QueryBatch batch = batch();
      float[] clean = outputs(scope, network, parameters, batch);
      float[] table = parameters.get("vectors.weight").toFloatArray();
      long[] masks = new long[12];
      Arrays.fill(masks, V);
      List<NoisyVectors> states = new ArrayList<>();
      for (int b = 0; b < 3; b++) {
        NoisyVectors shown = batch.condition().vectors().get(b);
        float[] state = shown.added().clone();
        for (int n = 0; n < 4; n++) {
          int v = batch.zt()[b][n];
          double length = Math.hypot(table[2 * v], table[2 * v + 1]);
          for (int d = 0; d < WIDTH; d++) {
            state[2 * n + d] += (float) (shown.scale() * table[2 * v + d] / length * Math.sqrt(2));
          }
        }
        states.add(new NoisyVectors(shown.scale(), state));
      }
      NDArray rows = scope.arange(0, 12, 1, DataType.INT64);
      float[] masked =
          network
              .denoiser(parameters)
              .logits(
                  scope.create(masks, new Shape(3, 4)),
                  new Condition(new double[3], new int[0], states),
                  rows)
              .toFloatArray();
      for (int i = 0; i < clean.length; i++) {
        if (i % 6 != 5) { // all but the distance to a token, which is not there
          assertThat(masked[i]).isCloseTo(clean[i], within(2e-4f * (1 + Math.abs(clean[i]))));
        }
      }
    }
  }

  /** All examples conditioned in training are what evaluation always computes. */
  @Test
  @Tag("exact")
  void selfConditioning_isASecondPassShownTheGuessOfTheFirst() {
    try (Network network = network(1);
        Parameters parameters = RandomParameters.of(manager, network, 8);
        TrainableNetwork trainable = network.trainable(manager, parameters, Training.TORCHSCRIPT);
        NDManager scope = manager.newSubManager()) {
      QueryBatch batch = batch();
      float[] evaluated = outputs(scope, network, parameters, batch);
      try (TrainingPass pass = trainable.forward(scope, input(batch), NOISE)) {
        float[] trained = Training.logits(pass);
        for (int i = 0; i < trained.length; i++) {
          assertThat(trained[i])
              .isCloseTo(evaluated[i], within(1e-4f * (1 + Math.abs(trained[i]))));
        }
      }
      // What the first guess says is heard: without its half of the product the outputs differ.
      float[] product = parameters.get("vectors.projection.weight").toFloatArray();
      for (int i = 0; i < product.length; i++) {
        product[i] = i % 4 < 2 ? product[i] : 0;
      }
      parameters.flat().set(1, product);
      assertThat(outputs(scope, network, parameters, batch)).isNotEqualTo(evaluated);
    }
  }

  @Test
  void selfConditioned_isAShareOfTheExamples_andOfTheStepAndExampleAlone() {
    int[] chosen = NOISE.selfConditioned(4_000, 0.25);
    assertThat(chosen.length).isBetween(860, 1_140); // five standard deviations
    assertThat(NOISE.selfConditioned(4_000, 0)).isEmpty();
    assertThat(NOISE.selfConditioned(5, 1)).containsExactly(0, 1, 2, 3, 4);
    int[] first = NOISE.selfConditioned(400, 0.25);
    assertThat(Arrays.copyOf(chosen, first.length)).isEqualTo(first);
  }

  @Test
  void wrongInput_isRefused() {
    try (Network network = network(0);
        Parameters parameters = RandomParameters.of(manager, network, 5)) {
      NDArray zt = manager.zeros(new Shape(1, 4), DataType.INT64);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  network
                      .denoiser(parameters)
                      .logits(zt, Condition.at(0.5), manager.create(new long[] {0})))
          .withMessage("there must be vectors for each of 1 examples: 0");
    }
    try (Network network = config(0).network(manager, V, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 5)) {
      assertThatThrownBy(() -> network.trainable(manager, parameters, GaussianGradientsTest.FUSED))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("take auto");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(2))
        .withMessageContaining("selfConditioning must be in [0, 1]");
  }
}
