// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.torch.RecordedLogits;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The CUDA kernels of losses against plain operations on the same GPU. */
@Tag("gpu")
final class FusedLossGpuTest {
  private static final int ALIGNED = 64;
  private static final String CASTS =
      """
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(15)
      def wide(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(6)
      """;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: CUDA kernels are not tested");
  }

  /**
   * Warps compute rows of up to 512 columns, blocks longer ones; sums of 50,304 columns are cached
   * in shared memory, those of 60,032 are not. 700 rows are more than there are blocks.
   */
  @ParameterizedTest
  @CsvSource({"27, 1", "27, 5000", "300, 5000", "512, 7", "1003, 700", "50257, 300", "60001, 300"})
  void genMd4_isThatOfPlainOperations(int vocabularySize, int rows) {
    float[] powers = floats(vocabularySize, 1, 0.5f, 2);
    compare(
        vocabularySize,
        rows,
        (manager, logits, targets, weights) -> {
          GenMd4Loss loss = logits.genMd4(manager, targets, weights, powers);
          return List.of(loss.ofRows().toFloatArray(), loss.byPower().toFloatArray());
        });
  }

  /**
   * Threads of a block take four packs of eight columns at a time, then one; a vocabulary of 16,385
   * has a column in a pack of its own, one of 50,257 a column in the last of many.
   */
  @ParameterizedTest
  @CsvSource({"27, 1", "27, 5000", "512, 7", "1003, 700", "16385, 300", "20011, 300", "50257, 300"})
  void crossEntropy_isThatOfPlainOperations(int vocabularySize, int rows) {
    compare(
        vocabularySize,
        rows,
        (manager, logits, targets, weights) ->
            List.of(logits.crossEntropy(manager, targets, weights).toFloatArray()));
  }

  /** A loss of logits; returns its values by row, then others. */
  private interface Question {
    List<float[]> ask(NDManager manager, Logits logits, int[] targets, float[] weights);
  }

  private static void compare(int vocabularySize, int rows, Question question) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        LossKernels plain = new LossKernels(manager);
        FusedKernels fused = FusedKernels.find(manager, options()).orElseThrow()) {
      int columns = (vocabularySize + ALIGNED - 1) / ALIGNED * ALIGNED;
      NDArray wide = manager.create(logits(rows, columns), new Shape(rows, columns));
      NDArray narrow = casts.run(manager, "narrow", wide).singletonOrThrow();
      NDArray rounded =
          casts.run(manager, "wide", narrow).singletonOrThrow().get(":, :" + vocabularySize);
      int[] targets = IntStream.range(0, rows).map(r -> r * 7919 % vocabularySize).toArray();
      targets[rows - 1] = vocabularySize - 1;
      float[] weights = floats(rows, 0, 0.1f, 1);
      RecordedLogits recorded = new RecordedLogits(plain, Upload.of(manager), rounded);
      List<float[]> expected = question.ask(manager, recorded, targets, weights);
      Logits logits = fused.logits(new Hidden(narrow), vocabularySize);
      List<float[]> ours = question.ask(manager, logits, targets, weights);
      // Exponentials are good to 2^-21, and add up to float32 sums in another order.
      compare("row", ours.get(0), expected.get(0), 2e-5);
      for (int i = 1; i < expected.size(); i++) {
        compare("power", ours.get(i), expected.get(i), 1e-4);
      }
      NDArray gradient = casts.run(manager, "wide", narrow).singletonOrThrow();
      compareGradients(gradient, recorded.gradient(), vocabularySize);
    }
  }

  private static FusedKernels.Options options() {
    return new FusedKernels.Options(
        new TransformerKernels.Options(Precision.BFLOAT16, Activation.GLU, 4, 4, 64, false, 1e-5),
        new TransformerKernels.Dropout(0, 0, 0),
        Precision.FLOAT32);
  }

  /** Columns beyond the vocabulary hold what must not count. */
  private static float[] logits(int rows, int columns) {
    float[] logits = floats(rows * columns, 2, -6, 6);
    for (int i = 0; i < logits.length; i += 1 + columns / 3) {
      logits[i] += 9;
    }
    return logits;
  }

  private static float[] floats(int count, int stream, float low, float high) {
    double[] u = new Noise(67).uniforms(Purpose.SOURCE, stream, 0, count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (low + (high - low) * u[i]);
    }
    return values;
  }

  private static void compare(String what, float[] ours, float[] expected, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      check(what, i, ours[i], expected[i], tolerance * Math.max(1, Math.abs(expected[i])));
    }
    for (int i = expected.length; i < ours.length; i++) {
      assertThat(ours[i]).as("%s %d", what, i).isZero();
    }
  }

  /** Ours are bfloat16: half a unit of their last place, 2^-8, and what the exponentials add. */
  private static void compareGradients(NDArray ours, NDArray expected, int vocabularySize) {
    float[] own = ours.toFloatArray();
    float[] exact = expected.toFloatArray();
    int columns = (int) ours.getShape().get(1);
    for (int i = 0; i < own.length; i++) {
      int column = i % columns;
      float value = column < vocabularySize ? exact[i / columns * vocabularySize + column] : 0;
      check("gradient", i, own[i], value, 0x1.02p-8 * Math.abs(value) + 2e-6);
    }
  }

  /** Of millions of numbers each is asserted only where it is wrong: an assertion has a price. */
  private static void check(String what, int index, double ours, double expected, double bound) {
    if (!(Math.abs(ours - expected) <= bound)) {
      assertThat(ours).as("%s %d", what, index).isCloseTo(expected, within(bound));
    }
  }
}
