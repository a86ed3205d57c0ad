// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.FreedMemory;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.StoredValues;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Further training of published models: gradients against differences of the loss. */
@Tag("naive")
final class PublishedTrainingTest {
  private static final float STEP = 3e-3f;
  private static final int[] ROWS = {1, 2, 7};
  private static final int[] TARGETS = {3, 5, 8};
  private static final float[] WEIGHTS = {1, 0.5f, 2};

  private static float[] values(PublishedFolder folder, ParameterSpec of) {
    try {
      StoredValues values = folder.weights().read(of, 0, Math.toIntExact(of.shape().size()));
      return values.format().floats(values.data());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double loss(TrainableNetwork network, NDManager manager, int mask, boolean back) {
    return loss(network, manager, mask, back, () -> {});
  }

  private static double loss(
      TrainableNetwork network, NDManager manager, int mask, boolean back, Runnable between) {
    int[][] zt = {{4, mask, mask, 9, 1}, {2, 6, mask, mask, 0}};
    NetworkInput input = new NetworkInput(zt, Condition.at(0.4, 0.7), ROWS);
    try (NDManager scope = manager.newSubManager();
        TrainingPass pass = network.forward(scope, input, new DropoutNoise(new Noise(1), 0, 0))) {
      double loss = pass.logits().crossEntropy(scope, TARGETS, WEIGHTS).getFloat();
      between.run();
      if (back) {
        pass.backward();
      }
      return loss;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mdlm-time", "sedd", "radd", "llada-gqa", "dream", "a2d-qwen2"})
  void gradients_areDifferencesOfTheLoss(String name) throws IOException {
    Path path = Path.of("src/test/resources/peers", name);
    try (NDManager manager = NDManager.newBaseManager();
        PublishedFolder folder = PublishedFolder.open(path, Optional.empty());
        Network network = folder.description().network(manager, Precision.FLOAT32);
        Parameters parameters =
            Parameters.of(manager, network.specs(), (each, index) -> values(folder, each));
        TrainableNetwork trained =
            network.trainable(manager, parameters, TrainingOptions.defaults())) {
      int mask = folder.description().tokenSpace().maskToken();
      double loss = loss(trained, manager, mask, true);
      List<float[]> gradients = new ArrayList<>();
      for (NDArray gradient : trained.gradients().arrays()) {
        gradients.add(gradient.toFloatArray());
      }
      double again = loss(trained, manager, mask, true, FreedMemory::scribble);
      assertThat(again).isEqualTo(loss);
      for (int i = 0; i < gradients.size(); i++) {
        assertThat(trained.gradients().arrays().get(i).toFloatArray()).isEqualTo(gradients.get(i));
      }
      for (int i = 0; i < network.specs().size(); i++) {
        check(trained, manager, mask, parameters, network.specs().get(i), gradients.get(i), i);
      }
    }
  }

  /** Compares the derivative along a parameter's own gradient. */
  private static void check(
      TrainableNetwork network,
      NDManager manager,
      int mask,
      Parameters parameters,
      ParameterSpec spec,
      float[] gradient,
      int index) {
    double norm = 0;
    for (float each : gradient) {
      norm += each * (double) each;
    }
    norm = Math.sqrt(norm);
    float[] before = parameters.get(spec.name()).toFloatArray();
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      float[] moved = before.clone();
      for (int i = 0; i < moved.length && norm > 0; i++) {
        moved[i] += (float) ((side == 0 ? -STEP : STEP) * gradient[i] / norm);
      }
      parameters.flat().set(index, moved);
      losses[side] = loss(network, manager, mask, false);
    }
    parameters.flat().set(index, before);
    double slope = (losses[1] - losses[0]) / (2 * STEP);
    // float32 losses near 10 are good to 1e-6, so slopes are good to 1e-3, and to the third
    // derivative times the step squared.
    assertThat(slope).as(spec.name()).isCloseTo(norm, within(5e-3 * (1 + norm)));
  }
}
