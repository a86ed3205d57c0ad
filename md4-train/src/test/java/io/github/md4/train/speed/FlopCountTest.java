// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.speed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.image.ConditionConfig;
import io.github.md4.core.network.image.DitShape;
import io.github.md4.core.network.image.UNetConfig;
import io.github.md4.core.network.image.UVitConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.token.ImageShape;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Against sums over the layers, written out product by product. */
@Tag("naive")
final class FlopCountTest {

  private static FlopCount count(ModelConfig model, int vocabularySize) {
    try (NDManager manager = NDManager.newBaseManager();
        Network network = model.network().network(manager, vocabularySize, Precision.FLOAT32)) {
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
            TimeFeatures.NONE,
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

  /** Convolutions at every pixel, the condition once, half of the last convolution's rows. */
  @Test
  void of_aUNet_isThePlainSum() {
    UNetConfig network =
        new UNetConfig(new ImageShape(4, 6, 2), 32, 1, ConditionConfig.defaults(), 0);
    double d = 32;
    double v = 7;
    double conv = 9 * d * d;
    double enter = 9 * 2 * d * d;
    double straight = 3 * 2 * conv; // down, and two in the middle
    double up = 2 * (2 * conv + conv + 2 * d * d); // twice as many channels in, and the shortcut
    double attention = 4 * d * d;
    double head = 9 * d * 2 * v;
    double condition = 8 * d * d + 5 * d * d; // two products, and one for each ResBlock
    double attended = 2 * d * 24 * 24;
    double body = 24 * (enter + straight + up + attention) + condition + attended;
    FlopCount count = count(new ModelConfig(48, new Curve.Linear(), 1e-4, network), 7);
    assertThat(count.denseEquivalent()).isCloseTo(6 * (body + 24 * head) / 48, within(1e-6));
    assertThat(count.needed()).isCloseTo(6 * (body + 12 * head) / 48, within(1e-6));
  }

  /** Two levels: a quarter of the pixels in the lower, where the transformer is. */
  @Test
  void of_aUVit_isThePlainSum() {
    DitShape middle = new DitShape(20, 1, 1, 1);
    UVitConfig network =
        new UVitConfig(
            new ImageShape(4, 8, 2), 32, List.of(1, 3), 1, middle, ConditionConfig.defaults(), 0);
    double d = 32;
    double w = 96;
    double enter = 9 * 2 * d * d;
    double head = 9 * d * 2 * 7;
    double upper =
        2 * 9 * d * d // down.0.0
            + (9 * (w + d) * d + 9 * d * d + (w + d) * d) // up.0.0
            + (9 * 2 * d * d + 9 * d * d + 2 * d * d) // up.0.1
            + 2 * 9 * w * w; // up.1.double
    double lower =
        2 * 9 * d * d // down.0.halve
            + (9 * d * w + 9 * w * w + d * w) // down.1.0
            + (9 * 2 * w * w + 9 * w * w + 2 * w * w) // up.1.0
            + (9 * (w + d) * w + 9 * w * w + (w + d) * w) // up.1.1
            + (w * 20 + 12 * 20 * 20 + 20 * w); // patches, a block, out
    double norms =
        (d + d) + (d + d) + (d + w) + (2 * w + w) + (w + d + w) + (w + w) + (w + d + d) + 3 * d + d;
    double told = 8 * d * d + 2 * d * norms + 6 * 20 * d + 2 * 20 * d;
    double attended = 2 * 20 * 8 * 8;
    double body = 32 * (enter + upper) + 8 * lower + told + attended;
    FlopCount count = count(new ModelConfig(64, new Curve.Linear(), 1e-4, network), 7);
    assertThat(count.denseEquivalent()).isCloseTo(6 * (body + 32 * head) / 64, within(1e-6));
  }
}
