// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.internal.cuda.GpuMemory.Use;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.train.TinyRun;
import io.github.md4.train.config.TrainingConfig;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class MemoryAdviceTest {
  private static MemoryAdvice advice(int batchSize, int microBatch) {
    return new MemoryAdvice(
        TinyRun.sized(TinyRun.training(9, 6, 1e-2), batchSize, microBatch),
        EnumSet.allOf(Recompute.class));
  }

  private static String line(MemoryAdvice advice, OptionalInt fitting) {
    return advice
        .exception(fitting, "CUDA out of memory", new IllegalStateException())
        .getMessage();
  }

  @Test
  void line_namesBatchMicroBatchAndTheNextSmaller() {
    assertThat(line(advice(60, 30), OptionalInt.empty()))
        .isEqualTo(
            "the device's memory is full: training.batchSize 60 in micro-batches of"
                + " training.microBatch 30 does not fit; take training.microBatch=20 or"
                + " training.recompute=layer (CUDA out of memory)");
    IllegalStateException cause = new IllegalStateException();
    assertThat(advice(60, 30).exception(OptionalInt.empty(), "", cause)).hasCause(cause);
  }

  @ParameterizedTest
  @CsvSource({"29, 20", "19, 15", "7, 6", "1, 1"})
  void line_namesTheLargestThatFits(int fitting, int taken) {
    assertThat(line(advice(60, 30), OptionalInt.of(fitting)))
        .contains(
            "; about %d at once do: take training.microBatch=%d or".formatted(fitting, taken));
  }

  @Test
  void line_ofASingleExampleHasOtherRemedies() {
    assertThat(line(advice(60, 1), OptionalInt.empty()))
        .contains(
            "; not even one example does: take training.recompute=layer or a smaller model (");
    assertThat(line(advice(60, 30), OptionalInt.of(0))).contains("; not even one example does: ");
  }

  @Test
  void line_doesNotProposeWhatIsDone() {
    MemoryAdvice advice =
        new MemoryAdvice(
            TinyRun.recomputing(TinyRun.training(9, 3, 1e-2)), EnumSet.allOf(Recompute.class));
    assertThat(advice.config().computation().recompute()).isEqualTo(Recompute.LAYER);
    assertThat(line(advice, OptionalInt.empty())).contains("; take training.microBatch=2 (CUDA");
  }

  @Test
  void line_doesNotProposeWhatTheNetworkCannot() {
    TrainingConfig training = TinyRun.sized(TinyRun.training(9, 6, 1e-2), 60, 30);
    MemoryAdvice advice = new MemoryAdvice(training, EnumSet.of(Recompute.NONE));
    assertThat(line(advice, OptionalInt.empty())).contains("; take training.microBatch=20 (CUDA");
    assertThat(line(advice, OptionalInt.of(0))).contains("example does: take a smaller model (");
  }

  /** Thirty of 240 examples take 300 of 900 bytes. */
  @Test
  void fitting_isWhatTheFreeMemoryHoldsLessATenth() {
    assertThat(advice(240, 240).probe()).isEqualTo(30);
    assertThat(fitting(advice(240, 240), new Use(100, 1000), new Use(400, 1000))).hasValue(81);
  }

  @Test
  void fitting_isUnknownWhereNothingCanBeReadOrTheAnswerIsWrong() {
    assertThat(fitting(advice(240, 240))).isEmpty();
    assertThat(fitting(advice(240, 240), new Use(100, 1000), new Use(100, 1000))).isEmpty();
    assertThat(fitting(advice(240, 240), new Use(100, 1000), new Use(110, 1000))).isEmpty();
    assertThat(advice(60, 4).probe()).isOne();
  }

  private static OptionalInt fitting(MemoryAdvice advice, Use... readings) {
    Queue<Use> left = new ArrayDeque<>(List.of(readings));
    return advice.fitting(() -> Optional.ofNullable(left.poll()), () -> {});
  }
}
