// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TimeFeatures;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A network hears the time where its features are {@code t}, and only there. */
@Tag("exact")
final class TimeFeaturesTest {

  @ParameterizedTest
  @EnumSource(TimeFeatures.class)
  void logits_dependOnTheTimeWhereItIsAnInput(TimeFeatures features) {
    TransformerConfig config =
        TransformerConfig.defaults().withHeads(3, 6).withLayers(2).withCondition(features, 0);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = new Transformer(manager, config, 11, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] early = logits(manager, network, parameters, 0.2);
      assertThat(logits(manager, network, parameters, 0.2)).isEqualTo(early);
      boolean isSame = Arrays.equals(logits(manager, network, parameters, 0.7), early);
      assertThat(isSame).isEqualTo(features == TimeFeatures.NONE);
    }
  }

  private static float[] logits(
      NDManager manager, Network network, Parameters parameters, double time) {
    NDArray zt = manager.create(new long[] {3, 11, 5, 11, 7}).expandDims(0);
    NDArray rows = manager.create(new long[] {1, 3});
    return network.denoiser(parameters).logits(zt, Condition.at(time), rows).toFloatArray();
  }
}
