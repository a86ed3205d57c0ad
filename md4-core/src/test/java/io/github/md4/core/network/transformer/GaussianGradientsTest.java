// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static io.github.md4.core.network.transformer.GaussianToy.NOISE;
import static io.github.md4.core.network.transformer.GaussianToy.OBJECTIVE;
import static io.github.md4.core.network.transformer.GaussianToy.V;
import static io.github.md4.core.network.transformer.GaussianToy.batch;
import static io.github.md4.core.network.transformer.GaussianToy.config;
import static io.github.md4.core.network.transformer.GaussianToy.input;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.FreedMemory;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of Gaussian diffusion's network, by its two ways to train. */
final class GaussianGradientsTest {
  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private Network network(double selfConditioning) {
    return config(selfConditioning).network(manager, V, Precision.FLOAT32);
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

  static final TrainingOptions FUSED =
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
}
