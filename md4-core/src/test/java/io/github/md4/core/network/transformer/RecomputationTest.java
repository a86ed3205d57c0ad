// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.noise.Noise;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The results of layers that are computed again. */
@Tag("exact")
final class RecomputationTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 4;
  private static final int LENGTH = 5;
  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(43), 3, 8);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<TransformerConfig> networks() {
    return Networks.ALL.stream()
        .flatMap(network -> Stream.of(network, Networks.withDropout(network, 0.3, 0.2)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void lossAndGradients_areThoseWithoutIt(TransformerConfig config) {
    check(config, Precision.FLOAT32);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void lossAndGradientsInBfloat16_areThoseWithoutIt(TransformerConfig config) {
    check(config, Precision.BFLOAT16);
  }

  private void check(TransformerConfig config, Precision precision) {
    Numbers kept = numbers(config, precision, Recompute.NONE);
    Numbers again = numbers(config, precision, Recompute.LAYER);
    assertThat(again.loss).isEqualTo(kept.loss);
    for (int i = 0; i < kept.gradients.size(); i++) {
      float[] expected = kept.gradients.get(i);
      float[] ours = again.gradients.get(i);
      // Not of the arrays: a sum that begins at zero turns -0 into 0.
      assertThat(IntStream.range(0, expected.length)).allMatch(j -> ours[j] == expected[j]);
    }
  }

  private record Numbers(float loss, List<float[]> gradients) {}

  private Numbers numbers(TransformerConfig config, Precision precision, Recompute recompute) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    NetworkInput input = new NetworkInput(inputs.zt(), inputs.condition(), new int[] {0, 3, 4, 17});
    try (Network network = new Transformer(manager, config, VOCABULARY, precision);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        TrainableNetwork trainable =
            network.trainable(manager, parameters, Training.torchScript(recompute))) {
      Training training = new Training(trainable, parameters, inputs);
      for (int run = 0; run < 2; run++) { // the second over the gradients of the first
        try (NDManager scope = manager.newSubManager();
            TrainingPass pass = trainable.forward(scope, input, NOISE)) {
          float loss = training.loss(scope, pass, input.rows().length);
          pass.backward();
          if (run == 1) {
            return new Numbers(loss, Training.values(trainable.gradients()));
          }
        }
      }
      throw new IllegalStateException();
    }
  }
}
