// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.Division;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.PendingLosses;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an estimator begins, reads and closes, in which order. */
@Tag("exact")
final class LossesAheadTest {
  private static final int LETTERS = 1000;
  private static final int LENGTH = 3;
  private static final int BATCH_SIZE = 2;
  private static final int PASSES = 2;
  private static final Md4Objective ELBO =
      new Md4Objective(
          new TokenSpace(LETTERS),
          new MaskingSchedule(new Curve.Linear()),
          new TimeAxis.Continuous());

  /** What happens, line by line: examples read, batches begun, read and closed, and progress. */
  private static final class Events implements Examples, LikelihoodEstimator.Losses {
    private final List<String> lines = new ArrayList<>();
    private final Set<Long> examplesRead = new TreeSet<>();
    private final int count;
    private String failing = ""; // the line after which it fails
    private Throwable failure = new IllegalStateException("failed on purpose");
    private int begun;
    private int open;
    private int mostOpen;

    Events(int count) {
      this.count = count;
    }

    Events failingAt(String line, Throwable thrown) {
      failing = line;
      failure = thrown;
      return this;
    }

    void add(String line) {
      lines.add(line);
      if (!line.equals(failing)) {
        return;
      }
      if (failure instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure;
    }

    @Override
    public long count() {
      return count;
    }

    @Override
    public int length() {
      return LENGTH;
    }

    /** Every token of an example is its number. */
    @Override
    public void read(long index, int[] into) {
      examplesRead.add(index);
      if (index % BATCH_SIZE == 0 && begun > 0) {
        checkFails("queries " + begun);
      }
      Arrays.fill(into, (int) index);
    }

    private void checkFails(String line) {
      if (line.equals(failing)) {
        add(line);
      }
    }

    @Override
    public PendingLosses begin(QueryBatch batch) {
      int number = begun++;
      add("begin " + number + " of " + batch.x()[0][0]);
      mostOpen = Math.max(mostOpen, ++open);
      return new PendingLosses() {
        @Override
        public float[] await() {
          add("read " + number);
          return losses(batch);
        }

        @Override
        public void close() {
          lines.add("close " + number);
          open--;
        }
      };
    }

    BoundEstimate score(Division division) {
      LikelihoodEstimator.Settings settings =
          new LikelihoodEstimator.Settings(3, PASSES, BATCH_SIZE);
      return new LikelihoodEstimator(ELBO, settings, division)
          .score(this, this, done -> add("done " + done));
    }
  }

  /** Losses that no two positions of the data share. */
  private static float[] losses(QueryBatch batch) {
    float[] losses = new float[batch.askedCount()];
    for (int r = 0; r < losses.length; r++) {
      losses[r] = 1 / (1f + LENGTH * batch.x()[batch.example(r)][0] + batch.position(r));
    }
    return losses;
  }

  @Test
  void next_isBegunBeforeTheOneBeforeIsRead() {
    Events events = new Events(5);
    BoundEstimate unused = events.score(Division.whole());
    assertThat(events.lines)
        .containsExactly(
            "begin 0 of 0",
            "begin 1 of 2",
            "read 0",
            "close 0",
            "done 2",
            "begin 2 of 4",
            "read 1",
            "close 1",
            "done 4",
            "begin 3 of 0", // the next pass
            "read 2",
            "close 2",
            "done 5",
            "begin 4 of 2",
            "read 3",
            "close 3",
            "done 7",
            "begin 5 of 4",
            "read 4",
            "close 4",
            "done 9",
            "read 5",
            "close 5",
            "done 10");
    assertThat(events.mostOpen).isEqualTo(2);
  }

  @Test
  void single_batchIsBegunAndRead() {
    Events events = new Events(BATCH_SIZE);
    BoundEstimate unused =
        new LikelihoodEstimator(ELBO, new LikelihoodEstimator.Settings(3, 1, BATCH_SIZE))
            .score(events, events, done -> events.add("done " + done));
    assertThat(events.lines).containsExactly("begin 0 of 0", "read 0", "close 0", "done 2");
  }

  /** What fails at the beginning of a batch comes after the batch before it, as it always did. */
  @ParameterizedTest
  @CsvSource({"0, 0", "1, 2", "2, 4", "3, 0", "5, 4"})
  void begin_failsWhenTheBatchIsDue(int number, int first) {
    IllegalStateException failure = new IllegalStateException("the network failed");
    Events events = new Events(5).failingAt("begin " + number + " of " + first, failure);
    assertThatThrownBy(() -> events.score(Division.whole())).isSameAs(failure);
    assertEndedAfter(events, number);
    assertThat(events.begun).isEqualTo(number + 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void examples_failWhenTheBatchIsDue(int number) {
    IllegalStateException failure = new IllegalStateException("the file ends");
    Events events = new Events(5).failingAt("queries " + number, failure);
    assertThatThrownBy(() -> events.score(Division.whole())).isSameAs(failure);
    assertEndedAfter(events, number);
    assertThat(events.begun).isEqualTo(number);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 5})
  void read_failsAtOnce(int number) {
    IllegalStateException failure = new IllegalStateException("the device failed");
    Events events = new Events(5).failingAt("read " + number, failure);
    assertThatThrownBy(() -> events.score(Division.whole())).isSameAs(failure);
    assertEndedAfter(events, number);
    assertThat(events.begun).isEqualTo(Math.min(number + 2, 6));
  }

  /** An error of the machine is thrown at once, and a listener's exception ends the estimate. */
  @ParameterizedTest
  @ValueSource(strings = {"begin 0 of 0", "begin 2 of 4", "read 2", "done 5", "done 10"})
  void anyFailure_closesWhatHasBegun(String line) {
    Error failure = new AssertionError("failed on purpose");
    Events events = new Events(5).failingAt(line, failure);
    assertThatThrownBy(() -> events.score(Division.whole())).isSameAs(failure);
    assertThat(events.open).isZero();
  }

  private static void assertEndedAfter(Events events, int batches) {
    assertThat(events.open).isZero();
    List<String> done = List.of("done 2", "done 4", "done 5", "done 7", "done 9", "done 10");
    assertThat(events.lines.stream().filter(line -> line.startsWith("done")))
        .isEqualTo(done.subList(0, batches));
  }

  /**
   * A division of which one part is computed, and what it computes is kept.
   *
   * @param computed the computed items, by round
   */
  private record Part(int parts, int own, List<Optional<byte[]>> computed) implements Division {
    @Override
    public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
      Optional<byte[]> mine =
          own < items.size() ? Optional.of(items.get(own).get()) : Optional.empty();
      computed.add(mine);
      return IntStream.range(0, items.size())
          .mapToObj(i -> i == own ? mine : Optional.<byte[]>empty())
          .toList();
    }
  }

  /** A division of which all parts have been computed before. */
  private record Known(List<Part> all, List<Integer> rounds) implements Division {
    @Override
    public int parts() {
      return all.size();
    }

    @Override
    public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
      int round = rounds.size();
      rounds.add(items.size());
      return IntStream.range(0, items.size())
          .mapToObj(i -> all.get(i).computed.get(round))
          .toList();
    }
  }

  /** All items of a round, computed here. */
  private record All(int parts) implements Division {
    @Override
    public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
      return items.stream().map(item -> Optional.of(item.get())).toList();
    }
  }

  /** Three parts of seven batches of a pass: the last round has one, which the first part does. */
  @Test
  void part_beginsItsOwnBatchesAlone() {
    Events events = new Events(13);
    BoundEstimate unused = events.score(new Part(3, 1, new ArrayList<>()));
    assertThat(events.lines)
        .containsExactly(
            "begin 0 of 2",
            "begin 1 of 8",
            "read 0",
            "close 0",
            "done 6",
            "begin 2 of 2", // the next pass, since this one's last round has no such place
            "read 1",
            "close 1",
            "done 12",
            "done 13",
            "begin 3 of 8",
            "read 2",
            "close 2",
            "done 19",
            "read 3",
            "close 3",
            "done 25",
            "done 26");
    assertThat(events.examplesRead).containsExactly(2L, 3L, 8L, 9L);
  }

  @Test
  void part_withoutABatchBeginsNothing() {
    Events events = new Events(3);
    BoundEstimate unused = events.score(new Part(3, 2, new ArrayList<>()));
    assertThat(events.lines).containsExactly("done 3", "done 6");
    assertThat(events.examplesRead).isEmpty();
  }

  /** To the last bit, and nothing is computed where all is known. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 9})
  void parts_togetherAreTheWhole(int parts) {
    List<Part> all =
        IntStream.range(0, parts).mapToObj(i -> new Part(parts, i, new ArrayList<>())).toList();
    for (Part part : all) {
      Events events = new Events(13);
      BoundEstimate unused = events.score(part);
      assertThat(events.mostOpen).isBetween(parts > 7 && part.own >= 7 ? 0 : 1, 2);
      assertThat(events.open).isZero();
    }
    Events merging = new Events(13);
    BoundEstimate merged = merging.score(new Known(all, new ArrayList<>()));
    assertThat(merging.begun).isZero();
    Events here = new Events(13);
    BoundEstimate computedHere = here.score(new All(parts));
    assertThat(here.mostOpen).isEqualTo(2);
    assertThat(here.begun).isEqualTo(14);
    assertThat(here.open).isZero();
    assertIsTheWhole(merged);
    assertIsTheWhole(computedHere);
  }

  private static void assertIsTheWhole(BoundEstimate estimate) {
    BoundEstimate whole = oneAfterAnother(13);
    assertThat(estimate.estimate()).isEqualTo(whole.estimate());
    assertThat(estimate.losses().nats()).containsExactly(whole.losses().nats());
  }

  /** The sums in plain loops, each batch of its own estimator's noise. */
  private static BoundEstimate oneAfterAnother(int count) {
    Events events = new Events(count);
    LikelihoodEstimator.Settings settings = new LikelihoodEstimator.Settings(3, PASSES, BATCH_SIZE);
    BoundSums sums = BoundSums.of(ELBO, events, PASSES);
    ScoredBatches batches = new ScoredBatches(ELBO, events, settings, 1);
    for (int i = 0; i < PASSES * ((count + BATCH_SIZE - 1) / BATCH_SIZE); i++) {
      ScoredBatches.Batch batch = batches.round().get(0);
      batch.addTo(sums, losses(batch.queries()));
    }
    assertThat(batches.round()).isEmpty();
    return sums.estimate(settings);
  }
}
