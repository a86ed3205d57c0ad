// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A network of so many rows that its products are one kernel with what follows them, with streams
 * of both types.
 */
@Tag("gpu")
final class ManyRowsGpuTest {
  private static final int BATCH = 35;
  private static final int LENGTH = 240;
  private static final int EVERY = 61;
  private static final int SEED = 53;

  /** As {@link FrozenTransformerGpuTest}, and as much again where the stream is rounded, too. */
  private static final double ROUNDING = 8 * 0x1p-9 * Math.sqrt(3);

  private static final Case NETWORK =
      new Case(
          TransformerConfig.defaults()
              .withHeads(4, 64)
              .withKeyValueHeads(2)
              .withLayers(3)
              .withEmbedding(Embedding.INSIDE)
              .withActivation(Activation.SWIGLU),
          27,
          EVERY);

  @BeforeEach
  void needsAHopperGpu() {
    FrozenOnGpu.needHopper("networks of many rows are");
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void logits_areThoseOfFloat32UpToRounding(Precision stream) {
    Inputs inputs = Inputs.random(NETWORK.config(), BATCH, LENGTH, NETWORK.vocabularySize());
    long[] rows = LongStream.range(0, BATCH * LENGTH).filter(row -> row % EVERY == 0).toArray();
    try (FrozenOnGpu frozen = new FrozenOnGpu(NETWORK, SEED)) {
      float[] expected =
          FrozenTransformerGpuTest.logits(
              frozen.manager, frozen.exact.denoiser(frozen.parameters), inputs, rows);
      float[] ours =
          FrozenTransformerGpuTest.logits(frozen.manager, frozen.launches(stream), inputs, rows);
      double most = stream == Precision.FLOAT32 ? ROUNDING : 2 * ROUNDING;
      assertThat(FrozenTransformerGpuTest.distance(ours, expected)).isLessThan(most);
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void draws_areThoseOfTheLogits(Precision stream) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(NETWORK, SEED)) {
      FusedForward launches = frozen.launches(stream);
      FrozenForward graphs = frozen.graphs(stream);
      for (int examples : new int[] {BATCH, 3}) {
        DrawnStep step = DrawnStep.random(NETWORK, examples, LENGTH, EVERY);
        step.check(
            step.logits(frozen.manager, launches),
            step.draw(graphs, Inversion.of(Confidence.MARGIN)),
            Inversion.of(Confidence.MARGIN));
      }
    }
  }
}
