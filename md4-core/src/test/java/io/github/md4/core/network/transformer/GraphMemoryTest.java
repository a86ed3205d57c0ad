// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.network.FreedMemory;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.image.ImageNetworks;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The lifetime of the arrays that the backward pass reads, through garbage collection. */
@Tag("exact")
final class GraphMemoryTest {
  private static final int VOCABULARY = 7;
  private static final int BATCH = 4;

  static List<NetworkConfig> networks() {
    return Stream.<NetworkConfig>concat(Networks.ALL.stream(), ImageNetworks.ALL.stream()).toList();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void gradients_areTheSameAfterACollection(NetworkConfig config) {
    List<float[]> quiet = gradients(config, () -> {});
    List<float[]> disturbed = gradients(config, FreedMemory::scribble);
    for (int i = 0; i < quiet.size(); i++) {
      assertThat(disturbed.get(i)).isEqualTo(quiet.get(i));
    }
  }

  private static List<float[]> gradients(NetworkConfig config, Runnable between) {
    Inputs inputs = Inputs.fitting(config, BATCH, 5, VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = config.network(manager, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 3);
        TrainableNetwork trainable = network.trainable(manager, parameters, Training.TORCHSCRIPT)) {
      return new Training(trainable, parameters, inputs).gradients(manager, between);
    }
  }
}
