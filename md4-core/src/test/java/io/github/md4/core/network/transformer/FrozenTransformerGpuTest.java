// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.loss.AskedLoss;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Both ways through frozen weights, in bfloat16, against the plain denoiser in float32 on the same
 * GPU.
 */
@Tag("gpu")
final class FrozenTransformerGpuTest {
  private static final int BATCH = 5;
  private static final int LENGTH = 37;

  /** As {@link FusedTransformerGpuTest}, of the forward alone. */
  private static final double ROUNDING = 8 * 0x1p-9 * Math.sqrt(3);

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: CUDA kernels are not tested");
  }

  static List<Case> cases() {
    return FusedTransformerGpuTest.cases().stream()
        .filter(each -> each.config().dropout() == 0)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void logits_areThoseOfFloat32UpToRounding(Case each) {
    Inputs inputs = Inputs.random(each.config(), BATCH, LENGTH, each.vocabularySize());
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 31)) {
      FrozenForward script = frozen.script();
      FrozenForward fused = frozen.launches();
      for (int every : new int[] {1, each.everyNthRow(), 61}) {
        long[] rows =
            LongStream.range(0, BATCH * LENGTH).filter(row -> row % every == every - 1).toArray();
        float[] expected =
            logits(frozen.manager, frozen.exact.denoiser(frozen.parameters), inputs, rows);
        for (FrozenForward way : List.of(script, fused)) {
          float[] ours = logits(frozen.manager, way, inputs, rows);
          assertThat(distance(ours, expected)).as(way.toString()).isLessThan(ROUNDING);
        }
      }
    }
  }

  /** Returns networks of four vocabularies, of both embeddings, and one with classes. */
  static List<Case> some() {
    return IntStream.of(0, 1, 2, 8).mapToObj(i -> cases().get(i)).toList();
  }

  /**
   * Returns one of each embedding and one with classes: which weights are read differs in these.
   */
  static List<Case> ofOtherWeights() {
    return List.of(cases().get(0), cases().get(1), cases().get(8));
  }

  @ParameterizedTest
  @MethodSource("ofOtherWeights")
  void logitsOfWeightsThatAreRead_areThoseOfTheSameParameters(Case each) throws IOException {
    long[] rows = LongStream.range(0, BATCH * LENGTH).filter(row -> row % 3 == 1).toArray();
    Inputs inputs = Inputs.random(each.config(), BATCH, LENGTH, each.vocabularySize());
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 31);
        FrozenWeights read =
            FrozenWeights.read(
                frozen.manager,
                each.config(),
                frozen.exact.specs(),
                Precision.BFLOAT16,
                RandomParameters.source(frozen.exact, 31));
        FusedForward ours = frozen.unowned(Precision.FLOAT32, read)) {
      assertThat(logits(frozen.manager, ours, inputs, rows))
          .isEqualTo(logits(frozen.manager, frozen.launches(), inputs, rows));
    }
  }

  /** Of the same logits in bfloat16; the kernels' exponentials are right to some 2^-21. */
  @ParameterizedTest
  @MethodSource("some")
  void losses_areThoseOfTheLogits(Case each) {
    int vocabulary = each.vocabularySize();
    long[] rows = LongStream.range(0, BATCH * LENGTH).filter(row -> row % 3 == 1).toArray();
    int[] targets = LongStream.of(rows).mapToInt(row -> (int) (row * 7919 % vocabulary)).toArray();
    float[] powers = new float[vocabulary];
    for (int v = 0; v < vocabulary; v++) {
      powers[v] = 0.5f + v % 7 * 0.25f;
    }
    Inputs inputs = Inputs.random(each.config(), BATCH, LENGTH, vocabulary);
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 31);
        NDManager scope = frozen.manager.newSubManager()) {
      FusedForward forward = frozen.launches();
      NDArray asked = scope.create(rows);
      NDArray zt = inputs.zt(scope);
      for (RowLoss loss : List.of(new RowLoss.CrossEntropy(), new RowLoss.PerToken(powers))) {
        AskedLoss of = new AskedLoss(loss, AskedRows.of(targets));
        float[] expected = of.of(forward.logits(zt, inputs.condition(), asked)).toFloatArray();
        float[] ours = forward.losses(zt, inputs.condition(), asked, of).toFloatArray();
        assertThat(distance(ours, expected)).as(loss.toString()).isLessThan(1e-5);
      }
    }
  }

  static float[] logits(NDManager manager, Denoiser denoiser, Inputs inputs, long[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray headRows = scope.create(rows);
      return denoiser.logits(inputs.zt(scope), inputs.condition(), headRows).toFloatArray();
    }
  }

  /** Returns the length of the difference over the length of the expected vector. */
  static double distance(float[] ours, float[] expected) {
    assertThat(ours).hasSameSizeAs(expected);
    double difference = 0;
    double whole = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(ours[i] - expected[i], 2);
      whole += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / whole);
  }
}
