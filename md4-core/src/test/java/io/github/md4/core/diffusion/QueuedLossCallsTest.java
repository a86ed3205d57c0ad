// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.Download;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls as a device with a queue makes them, with a queue that is always done. */
@Tag("exact")
final class QueuedLossCallsTest {
  private static final int M = 5;
  private static final int LENGTH = 4;
  private static final int[] NO_LABELS = {Condition.NO_LABEL};
  private static final int[][] X = {{0, 1, 2, 3}};
  private static final QueryBatch ASKED =
      QueryBatch.of(
          X, NO_LABELS, List.of(new Query(new int[] {M, 1, M, 3}, 0.5, new int[] {0, 2}, 1)));
  private static final QueryBatch NOTHING =
      QueryBatch.of(X, NO_LABELS, List.of(new Query(X[0], 0.5, new int[0], 1)));

  private final NDManager manager = NDManager.newBaseManager(Device.cpu());
  private final List<String> events = new ArrayList<>();

  private final List<NDManager> scopes = new ArrayList<>(); // of the network's calls

  @AfterEach
  void nothing_isLeftOnTheDevice() {
    assertThat(manager.getManagedArrays()).isEmpty();
    assertThat(scopes).noneMatch(NDManager::isOpen);
    manager.close();
  }

  /** Takes the values when a copy is begun, as a queue does. */
  private final class EventedDownload implements Download {
    @Override
    public Copy begin(NDArray array) {
      float[] values = array.toFloatArray();
      events.add("copy");
      return new Copy() {
        @Override
        public float[] await() {
          events.add("await");
          return values;
        }

        @Override
        public void close() {
          events.add("close");
        }
      };
    }

    @Override
    public void close() {
      events.add("end");
    }
  }

  private LossCalls calls(Denoiser denoiser) {
    return new QueuedLossCalls(
        manager, denoiser, new RowLoss.CrossEntropy(), Upload.plain(), new EventedDownload());
  }

  private Denoiser evented(int positions) {
    FixedDenoiser fixed = FixedDenoiser.random(positions, M);
    return (zt, condition, rows) -> {
      events.add("call");
      scopes.add(zt.getManager());
      return fixed.logits(zt, condition, rows);
    };
  }

  @Test
  void begin_callsTheNetworkAndLeavesNothing() {
    float[] expected =
        ASKED.losses(manager, FixedDenoiser.random(LENGTH, M), new RowLoss.CrossEntropy());
    try (LossCalls calls = calls(evented(LENGTH));
        PendingLosses first = calls.begin(ASKED);
        PendingLosses second = calls.begin(ASKED)) {
      assertThat(scopes).hasSize(2).noneMatch(NDManager::isOpen);
      assertThat(events).containsExactly("call", "copy", "call", "copy");
      assertThat(first.await()).containsExactly(expected);
      assertThat(second.await()).containsExactly(expected);
    }
    assertThat(events.subList(4, 9)).containsExactly("await", "await", "close", "close", "end");
  }

  @Test
  void begin_whereNothingIsAskedMakesNoCall() {
    try (LossCalls calls = calls(evented(LENGTH));
        PendingLosses pending = calls.begin(NOTHING)) {
      assertThat(pending.await()).isEmpty();
    }
    assertThat(events).containsExactly("end");
  }

  @Test
  void begin_thatFailsLeavesNothing() {
    IllegalStateException failure = new IllegalStateException("the network failed");
    Denoiser failing =
        (zt, condition, rows) -> {
          scopes.add(zt.getManager());
          throw failure;
        };
    try (LossCalls calls = calls(failing)) {
      assertThatThrownBy(() -> calls.begin(ASKED)).isSameAs(failure);
      assertThat(scopes).singleElement().matches(scope -> !scope.isOpen());
    }
  }

  @Test
  void forEach_beginsABatchBeforeTheOneBeforeIsRead() {
    List<QueryBatch> read = new ArrayList<>();
    try (LossCalls calls = calls(evented(LENGTH))) {
      calls.forEach(
          List.of(ASKED, ASKED, NOTHING, ASKED).iterator(),
          (batch, losses) -> {
            assertThat(losses).hasSize(batch.askedCount());
            events.add("read");
            read.add(batch);
          });
      calls.forEach(Collections.emptyIterator(), (batch, losses) -> read.add(batch));
    }
    assertThat(read).containsExactly(ASKED, ASKED, NOTHING, ASKED);
    String twoBegun = "call copy call copy ";
    String readAlone = "await close read "; // behind them the batch of no call is begun
    String last = "await close read call copy read await close read end";
    assertThat(String.join(" ", events)).isEqualTo(twoBegun + readAlone + last);
  }

  /** Whoever fails, the batches or their reader, when and wherever it is. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void forEach_closesWhatItHasBegunWhereSomethingFails(int at) {
    IllegalStateException failure = new IllegalStateException("failed on purpose");
    Iterator<QueryBatch> failing =
        IntStream.range(0, 4)
            .mapToObj(
                i -> {
                  if (i == at) {
                    throw failure;
                  }
                  return ASKED;
                })
            .iterator();
    List<float[]> read = new ArrayList<>();
    try (LossCalls calls = calls(evented(LENGTH))) {
      assertThatThrownBy(() -> calls.forEach(failing, (batch, losses) -> read.add(losses)))
          .isSameAs(failure);
      assertThat(read).hasSize(Math.max(0, at - 1));
      assertThat(count("close")).isEqualTo(count("copy")).isEqualTo(at);
      assertThatThrownBy(
              () ->
                  calls.forEach(
                      List.of(ASKED, ASKED, ASKED, ASKED).iterator(),
                      (batch, losses) -> {
                        if (read.add(losses) && read.size() > at) {
                          throw failure;
                        }
                      }))
          .isSameAs(failure);
    }
    assertThat(count("close")).isEqualTo(count("copy"));
  }

  private long count(String event) {
    return events.stream().filter(event::equals).count();
  }

  /** A CPU gains nothing by a call before its time, and reports would come late. */
  @Test
  void of_aCpuCallsWhenTheLossesAreRead() {
    try (LossCalls calls = LossCalls.of(manager, evented(LENGTH), new RowLoss.CrossEntropy());
        PendingLosses pending = calls.begin(ASKED)) {
      assertThat(events).isEmpty();
      assertThat(pending.await()).hasSize(2);
      assertThat(events).containsExactly("call");
    }
  }

  /** Of a whole estimate, to the last bit; some of the batches ask for nothing. */
  @Test
  void estimate_isThatOfOneBatchAfterAnother() {
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    Objective objective = new Md4Objective(new TokenSpace(M), schedule, new TimeAxis.Continuous());
    LikelihoodEstimator estimator =
        new LikelihoodEstimator(objective, new LikelihoodEstimator.Settings(7, 3, 2));
    Examples examples = Examples.of(sequences(21));
    double[] expected =
        estimator
            .score(manager, FixedDenoiser.random(2 * LENGTH, M), examples, done -> {})
            .losses()
            .nats();
    try (LossCalls calls = calls(evented(2 * LENGTH))) {
      double[] found = estimator.score(calls::begin, examples, done -> {}).losses().nats();
      assertThat(found).containsExactly(expected);
    }
    assertThat(count("call")).isBetween(20L, 32L); // of 33
    assertThat(events.subList(0, 6))
        .containsExactly("call", "copy", "call", "copy", "await", "close");
  }

  private static List<int[]> sequences(int count) {
    List<int[]> sequences = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sequences.add(new int[] {i % M, (i + 1) % M, (i + 3) % M, 3 * i % M});
    }
    return sequences;
  }
}
