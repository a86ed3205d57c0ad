// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

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
import io.github.md4.core.diffusion.GaussianObjective;
import io.github.md4.core.diffusion.GaussianProcess;
import io.github.md4.core.diffusion.NoisyVectors;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.FreedMemory;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class GaussianTransformerTest {
  private static final int V = 3;
  private static final int WIDTH = 2;
  private static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Linear(), 0.02);
  private static final GaussianObjective OBJECTIVE =
      new GaussianObjective(new TokenSpace(V), new GaussianProcess(SCHEDULE, WIDTH));
  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(3), 0, 0);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private static GaussianTransformerConfig config(double selfConditioning) {
    return config(selfConditioning, 0);
  }

  private static GaussianTransformerConfig config(double selfConditioning, double dropout) {
    TransformerConfig of = TransformerConfig.defaults();
    return new GaussianTransformerConfig(
        WIDTH,
        selfConditioning,
        4,
        2,
        2,
        2,
        of.activation(),
        of.conditioning(),
        of.depthScaledInit(),
        dropout,
        0);
  }

  private Network network(double selfConditioning) {
    return config(selfConditioning).network(manager, V, Precision.FLOAT32);
  }

  /** Three examples: one about the token at time 0, two about the vectors. */
  private static QueryBatch batch() {
    return batch(4);
  }

  /**
   * As {@link #batch()}.
   *
   * @param asked how many positions of each example are asked; the others are shown
   */
  private static QueryBatch batch(int asked) {
    int[][] x = {{0, 1, 2, 1}, {2, 2, 0, 1}, {1, 0, 0, 2}};
    double[] v = {0.05, 0.5, 0.8};
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < 3; b++) {
      double[] u = new Noise(9).uniforms(Noise.Purpose.MASK, 0, b, asked);
      queries.add(OBJECTIVE.query(x[b], v[b], u));
    }
    return QueryBatch.of(x, new int[] {-1, -1, -1}, queries);
  }

  private static NetworkInput input(QueryBatch batch) {
    return new NetworkInput(batch.zt(), batch.condition(), batch.rows());
  }

  private static double loss(TrainableNetwork network, NDManager scope, boolean goesBack) {
    return loss(network, scope, goesBack, () -> {});
  }

  private static double loss(
      TrainableNetwork network, NDManager scope, boolean goesBack, Runnable between) {
    return loss(network, scope, NOISE, goesBack, between);
  }

  private static double loss(
      TrainableNetwork network,
      NDManager scope,
      DropoutNoise noise,
      boolean goesBack,
      Runnable between) {
    return loss(network, batch(), scope, noise, goesBack, between);
  }

  private static double loss(
      TrainableNetwork network,
      QueryBatch batch,
      NDManager scope,
      DropoutNoise noise,
      boolean goesBack,
      Runnable between) {
    try (TrainingPass pass = network.forward(scope, input(batch), noise)) {
      NDArray loss =
          OBJECTIVE.rowLoss().weightedSum(scope, pass.logits(), batch.asked(), batch.rowWeights(3));
      between.run();
      if (goesBack) {
        pass.backward();
      }
      return loss.getFloat();
    }
  }

  private static final TrainingOptions FUSED =
      new TrainingOptions(
          TrainingOptions.Kernels.FUSED,
          TrainingOptions.defaults().stream(),
          TrainingOptions.Recompute.NONE);

  static List<TrainingOptions> ways() {
    return List.of(Training.TORCHSCRIPT, FUSED);
  }

  /** The hand-written pass, with half of the examples conditioned, dropout, and rows left out. */
  @ParameterizedTest
  @CsvSource({"0, 4", "0.5, 4", "0, 3", "0.5, 3"})
  @Tag("exact")
  void handWritten_isAsDifferentiatedAutomatically(double selfConditioning, int asked) {
    QueryBatch batch = batch(asked);
    DropoutNoise noise = new DropoutNoise(new Noise(3), 5, 0);
    GaussianTransformerConfig config = config(selfConditioning, 0.3);
    try (Network network = config.network(manager, V, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 5);
        TrainableNetwork script = network.trainable(manager, parameters, Training.TORCHSCRIPT);
        TrainableNetwork fused = network.trainable(manager, parameters, FUSED);
        NDManager scope = manager.newSubManager()) {
      double expected = loss(script, batch, scope, noise, true, () -> {});
      double found = loss(fused, batch, scope, noise, true, () -> {});
      assertThat(found).isCloseTo(expected, within(1e-5));
      assertThat(fused.description()).contains("hand-written");
      List<float[]> recorded = Training.values(script.gradients());
      List<float[]> ours = Training.values(fused.gradients());
      for (int p = 0; p < ours.size(); p++) {
        String name = network.specs().get(p).name();
        assertThat(distance(ours.get(p), recorded.get(p))).as(name).isLessThan(1e-5);
      }
      assertThat(expected).isNotEqualTo(loss(script, batch, scope, NOISE, false, () -> {}));
    }
  }

  /** Returns the length of the difference over that of the expected, or itself near zero. */
  private static double distance(float[] ours, float[] expected) {
    double difference = 0;
    double whole = 1e-6;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(ours[i] - expected[i], 2);
      whole += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / whole);
  }

  @Test
  void handWritten_leavesNothingBehind() {
    try (Network network = network(0.5);
        Parameters parameters = RandomParameters.of(manager, network, 5);
        TrainableNetwork fused = network.trainable(manager, parameters, FUSED)) {
      List<Integer> counts = new ArrayList<>();
      for (int step = 0; step < 3; step++) {
        try (NDManager scope = manager.newSubManager()) {
          double unused = loss(fused, scope, true);
        }
        counts.add(manager.getManagedArrays().size());
      }
      assertThat(counts.get(2)).isEqualTo(counts.get(0));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, false", "0.5, false", "0, true", "0.5, true"})
  @Tag("exact")
  void gradients_areTheSameAfterACollection(double selfConditioning, boolean isFused) {
    TrainingOptions way = isFused ? FUSED : Training.TORCHSCRIPT;
    try (Network network = network(selfConditioning);
        Parameters parameters = RandomParameters.of(manager, network, 5);
        TrainableNetwork trainable = network.trainable(manager, parameters, way);
        NDManager scope = manager.newSubManager()) {
      double quiet = loss(trainable, scope, true);
      List<float[]> gradients = Training.values(trainable.gradients());
      assertThat(loss(trainable, scope, true, FreedMemory::scribble)).isEqualTo(quiet);
      List<float[]> disturbed = Training.values(trainable.gradients());
      for (int i = 0; i < gradients.size(); i++) {
        assertThat(disturbed.get(i)).isEqualTo(gradients.get(i));
      }
    }
  }

  /**
   * By every parameter, the embeddings among them: of the input, of the target, of the guess and of
   * the evidence. Central differences of float32 with this h are good to about one percent of the
   * largest element.
   */
  @ParameterizedTest
  @MethodSource("ways")
  @Tag("exact")
  void gradients_areTheSlopesOfTheLoss(TrainingOptions way) {
    try (Network network = network(0);
        Parameters parameters = RandomParameters.of(manager, network, 5);
        TrainableNetwork trainable = network.trainable(manager, parameters, way);
        NDManager scope = manager.newSubManager()) {
      double unused = loss(trainable, scope, true);
      List<float[]> gradients = Training.values(trainable.gradients());
      FlatArrays flat = parameters.flat();
      float h = 4e-3f;
      for (int p = 0; p < gradients.size(); p++) {
        float[] gradient = gradients.get(p);
        double largest = 1e-2;
        for (float each : gradient) {
          largest = Math.max(largest, Math.abs(each));
        }
        for (int i = 0; i < gradient.length; i += 1 + gradient.length / 5) {
          float[] values = flat.array(p).toFloatArray();
          float value = values[i];
          values[i] = value + h;
          flat.set(p, values);
          double above = loss(trainable, scope, false);
          values[i] = value - h;
          flat.set(p, values);
          double below = loss(trainable, scope, false);
          values[i] = value;
          flat.set(p, values);
          assertThat(gradient[i])
              .as("%s [%d]", network.specs().get(p).name(), i)
              .isCloseTo((float) ((above - below) / (2 * h)), within((float) (0.02 * largest)));
        }
      }
    }
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
      assertThatThrownBy(() -> network.trainable(manager, parameters, FUSED))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("take auto");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> config(2))
        .withMessageContaining("selfConditioning must be in [0, 1]");
  }
}
