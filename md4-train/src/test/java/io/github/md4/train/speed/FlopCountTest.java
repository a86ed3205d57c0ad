// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.speed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.kernel.Activation;
import io.github.md4.core.kernel.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.Transformer;
import io.github.md4.core.network.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Against sums over the layers, written out product by product. */
@Tag("naive")
final class FlopCountTest {

  private static FlopCount count(ModelConfig model, int vocabularySize) {
    try (NDManager manager = NDManager.newBaseManager();
        Transformer network =
            new Transformer(manager, model.network(), vocabularySize, Precision.FLOAT32)) {
      return FlopCount.of(model, network.specs());
    }
  }

  @Test
  void of_thePapersText8Model_isThePlainSum() {
    double d = 768;
    double h = 2048;
    double w = 64;
    double v = 27;
    double length = 256;
    double block = 3 * d * d + d * d;
    double feedForward = 2 * h * d + d * h;
    double modulation = 12 * (6 * d * w) + 2 * d * w;
    double modulationBias = 12 * (6 * d) + 2 * d;
    double condition = 4 * w * w + w * 4 * w;
    double conditionBias = 4 * w + w;
    double attention = 12 * 12 * d * length;
    double dense =
        d * w
            + d // embedding
            + condition
            + conditionBias
            + modulation
            + modulationBias
            + 12 * (block + feedForward)
            + v * d;
    double needed =
        d * w
            + (condition + modulation) / length
            + 12 * block
            + 11 * feedForward
            + (feedForward + v * d) / 2;
    FlopCount count = count(ModelConfig.defaults(), 27);
    assertThat(count.denseEquivalent()).isEqualTo(6 * dense + attention);
    // Quotients by the length are not whole.
    assertThat(count.needed()).isCloseTo(6 * needed + attention, within(1e-6));
  }

  @Test
  void of_anUnconditionedModelWithGroupedQueries_isThePlainSum() {
    TransformerConfig network =
        new TransformerConfig(
            4,
            3,
            1,
            2,
            TransformerConfig.Embedding.INSIDE,
            TransformerConfig.TimeFeatures.NONE,
            0,
            Activation.SWIGLU,
            TransformerConfig.Conditioning.ADALN,
            true,
            0,
            0,
            false);
    ModelConfig model = new ModelConfig(11, new Curve.Linear(), 1e-4, network);
    double d = 12;
    double h = 32;
    double block = (3 + 2) * 4 * d + d * d;
    double feedForward = 2 * h * d + d * h;
    double norms = 2 * 2 * d + d;
    double head = 7 * d;
    double attention = 12 * 2 * d * 11;
    FlopCount count = count(model, 7);
    assertThat(count.denseEquivalent())
        .isEqualTo(6 * (2 * (block + feedForward) + norms + head) + attention);
    assertThat(count.needed())
        .isEqualTo(6 * (2 * block + feedForward + (feedForward + head) / 2) + attention);
  }
}
