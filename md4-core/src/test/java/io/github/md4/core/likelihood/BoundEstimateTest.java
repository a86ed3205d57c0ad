// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.Division;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.AutoregressiveObjective;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.likelihood.BoundEstimate.Independent;
import io.github.md4.core.likelihood.BoundEstimate.Source;
import io.github.md4.core.likelihood.BoundEstimate.Unit;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is independent in data of chunks or documents, and what follows for a score. */
@Tag("exact")
final class BoundEstimateTest {
  private static final int GROUP = LikelihoodEstimator.GROUP;
  private static final TokenSpace SPACE = new TokenSpace(3);
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());
  private static final Objective CONTINUOUS =
      new Md4Objective(SPACE, LINEAR, new TimeAxis.Continuous());
  private static final Objective WIDER = // of another constant
      new Md4Objective(
          SPACE, new MaskingSchedule(new Curve.Linear(), 1e-2), new TimeAxis.Continuous());
  private static final Objective STEPS = new Md4Objective(SPACE, LINEAR, new TimeAxis.Discrete(10));

  /** Chunks of three tokens, the last chunk of two, each document as many chunks as given. */
  private record Chunks(long count, int chunksOfDocument, long documentCount) implements Examples {
    static Chunks plain(int count) {
      return new Chunks(count, 1, 0);
    }

    static Chunks documents(int documents, int chunksEach) {
      return new Chunks((long) documents * chunksEach, chunksEach, documents);
    }

    @Override
    public int length() {
      return 3;
    }

    @Override
    public int scored(long index) {
      return index == count - 1 ? 2 : 3;
    }

    @Override
    public void read(long index, int[] into) {
      Arrays.setAll(into, n -> (int) (index + n) % 3);
    }

    @Override
    public void readDocuments(long index, int[] into) {
      Arrays.fill(into, (int) index / chunksOfDocument);
    }
  }

  /** Losses that grow with the letter. */
  private static float[] losses(QueryBatch batch) {
    float[] losses = new float[batch.askedCount()];
    for (int r = 0; r < losses.length; r++) {
      losses[r] = 1 + batch.x()[batch.example(r)][batch.position(r)];
    }
    return losses;
  }

  private static BoundEstimate score(
      Objective objective, Examples examples, long seed, int passes) {
    return new LikelihoodEstimator(objective, new LikelihoodEstimator.Settings(seed, passes, 50))
        .score(batch -> () -> losses(batch), examples, done -> {});
  }

  private static BoundEstimate score(Examples examples) {
    return score(CONTINUOUS, examples, 1, 1);
  }

  @Test
  void chunks_areIndependentByGroupsFromTheEighthOn() {
    BoundEstimate seven = score(Chunks.plain(7 * GROUP));
    BoundEstimate eight = score(Chunks.plain(7 * GROUP + 1));
    assertThat(seven.independent()).isEqualTo(Independent.CHUNKS);
    assertThat(seven.source()).isEqualTo(Source.UNITS);
    assertThat(eight.independent()).isEqualTo(Independent.GROUPS);
    assertThat(eight.source()).isEqualTo(Source.GROUPS);
    assertThat(eight.intervalDegreesOfFreedom()).isEqualTo(7);
    assertThat(eight.estimate().groups()).isEqualTo(8);
    assertThat(seven.unit()).isEqualTo(Unit.CHUNKS);
    assertThat(seven.units()).isEqualTo(7 * GROUP);
    assertThat(score(CONTINUOUS, Chunks.plain(64), 1, 9).source()).isEqualTo(Source.PASSES);
  }

  @Test
  void documents_areIndependentFromTheTenthOn() {
    BoundEstimate ten = score(Chunks.documents(10, 5));
    assertThat(ten.unit()).isEqualTo(Unit.DOCUMENTS);
    assertThat(ten.independent()).isEqualTo(Independent.DOCUMENTS);
    assertThat(ten.units()).isEqualTo(10);
    BoundEstimate nine = score(Chunks.documents(9, 5));
    assertThat(nine.unit()).isEqualTo(Unit.CHUNKS);
    assertThat(nine.units()).isEqualTo(45);
    // Eleven documents, of which four hold the first twenty chunks.
    BoundEstimate begun = score(Chunks.documents(11, 5).first(20));
    assertThat(begun.unit()).isEqualTo(Unit.CHUNKS);
    BoundEstimate most = score(Chunks.documents(11, 5).first(50));
    assertThat(most.unit()).isEqualTo(Unit.DOCUMENTS);
    assertThat(most.units()).isEqualTo(10);
  }

  /** With their constant, whatever they are by, losses add up to the score. */
  @Test
  void losses_addUpToTheEstimate() {
    Objective genMd4 =
        new GenMd4Objective(new GenMd4Schedule(new double[] {1, 2, 3}, 1e-4), TimeFloor.EXACT);
    for (Objective objective : List.of(CONTINUOUS, STEPS, genMd4)) {
      for (Examples examples : List.of(Chunks.documents(12, 2), Chunks.plain(70))) {
        BoundEstimate score = score(objective, examples, 3, 2);
        UnitLosses losses = score.losses();
        assertThat(losses.natsPerToken()).isCloseTo(score.estimate().natsPerToken(), within(1e-12));
        assertThat(losses.unit()).isEqualTo(score.unit());
        assertThat(losses.tokens()).hasSize((int) score.units());
        assertThat(Arrays.stream(losses.tokens()).sum()).isEqualTo(score.estimate().tokens());
        assertThat(losses.tokens()[losses.tokens().length - 1])
            .isEqualTo(losses.tokens()[0] - 1); // the short chunk
      }
    }
  }

  /** Intervals are about the numbers that they belong to, the constants of objectives included. */
  @Test
  void intervals_areAboutTheirNumbers() {
    for (Examples examples : List.of(Chunks.documents(12, 2), Chunks.plain(9 * GROUP))) {
      BoundEstimate one = score(CONTINUOUS, examples, 3, 2);
      assertThat(middle(one.interval())).isCloseTo(one.estimate().natsPerToken(), within(1e-12));
      assertThat(one.minusWithinEnds(one).nats()).isZero();
      assertThat(WIDER.terms(0).total()).isNotCloseTo(CONTINUOUS.terms(0).total(), within(1e-3));
      for (Objective objective : List.of(STEPS, WIDER)) {
        BoundEstimate other = score(objective, examples, 3, 2);
        BoundEstimate.Difference difference = one.minus(other);
        assertThat(difference.nats())
            .isCloseTo(
                one.estimate().natsPerToken() - other.estimate().natsPerToken(), within(1e-12));
        assertThat(middle(difference.interval())).isCloseTo(difference.nats(), within(1e-12));
      }
    }
  }

  /** Losses that are kept have what an interval needs: the same to the last bits as of scores. */
  @Test
  void losses_haveTheIntervalsOfTheirScores() {
    for (Examples examples :
        List.of(
            Chunks.documents(12, 2),
            Chunks.documents(100, 1),
            Chunks.plain(70),
            Chunks.plain(9 * GROUP))) {
      for (int passes : new int[] {1, 3}) {
        BoundEstimate one = score(CONTINUOUS, examples, 3, passes);
        BoundEstimate other = score(WIDER, examples, 3, passes);
        BoundEstimate.Difference of = one.minus(other);
        UnitLosses.Difference kept = one.losses().minus(other.losses());
        assertThat(kept.interval().low()).isCloseTo(of.interval().low(), within(1e-12));
        assertThat(kept.interval().high()).isCloseTo(of.interval().high(), within(1e-12));
      }
    }
  }

  private static double middle(Interval interval) {
    assertThat(interval.high()).isGreaterThan(interval.low());
    return (interval.low() + interval.high()) / 2;
  }

  /** Without groups or passes to go by, chunks are compared, whose tokens must be counted. */
  @Test
  void differenceWithinEnds_ofFewChunksHasAnError() {
    Examples examples = Chunks.plain(20);
    BoundEstimate.Difference difference =
        score(CONTINUOUS, examples, 3, 1).minusWithinEnds(score(STEPS, examples, 3, 1));
    assertThat(difference.degreesOfFreedom()).isEqualTo(18); // of unequal chunks, below 19
    assertThat(difference.standardError()).isPositive();
  }

  @Test
  void minus_rejectsOtherDataSeedOrPasses() {
    BoundEstimate score = score(CONTINUOUS, Chunks.plain(20), 3, 2);
    for (BoundEstimate other :
        List.of(
            score(CONTINUOUS, Chunks.plain(21), 3, 2),
            score(CONTINUOUS, Chunks.plain(20), 4, 2),
            score(CONTINUOUS, Chunks.plain(20), 3, 1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> score.minus(other))
          .withMessage("scores must be of the same data, seed and passes to be compared");
      assertThatIllegalArgumentException().isThrownBy(() -> score.minusWithinEnds(other));
    }
  }

  @Test
  void progress_isTheNumberOfExamplesOfAllPasses() {
    List<Long> done = new ArrayList<>();
    BoundEstimate score =
        new LikelihoodEstimator(CONTINUOUS, new LikelihoodEstimator.Settings(1, 2, 3))
            .score(batch -> () -> losses(batch), Chunks.plain(7), done::add);
    assertThat(score.estimate().examples()).isEqualTo(7);
    assertThat(done).containsExactly(3L, 6L, 7L, 10L, 13L, 14L);
    assertThat(progress(Division.whole(), 6)).containsExactly(3L, 6L, 9L, 12L);
  }

  /** Two batches of a round count at once. */
  @Test
  void progress_ofPartsIsByRounds() {
    assertThat(progress(new Two(), 7)).containsExactly(6L, 7L, 13L, 14L);
  }

  private static List<Long> progress(Division division, int chunks) {
    List<Long> done = new ArrayList<>();
    LikelihoodEstimator.Settings settings = new LikelihoodEstimator.Settings(1, 2, 3);
    BoundEstimate unused =
        new LikelihoodEstimator(CONTINUOUS, settings, division)
            .score(batch -> () -> losses(batch), Chunks.plain(chunks), done::add);
    return done;
  }

  /** Two parts, both of which are computed here. */
  private record Two() implements Division {
    @Override
    public int parts() {
      return 2;
    }

    @Override
    public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
      assertThat(items).hasSizeBetween(1, 2);
      return items.stream().map(item -> Optional.of(item.get())).toList();
    }
  }

  /** Their sums would fill the memory. */
  @Test
  void passes_withoutEndAreRefused() {
    assertThatExceptionOfType(InvalidConfigException.class)
        .isThrownBy(() -> score(CONTINUOUS, Chunks.plain(65 * GROUP), 1, 1_032_445))
        .withMessage("passes: must be at most 1,032,444 for 4,160 examples: 1,032,445");
  }

  @Test
  void list_isReadAndCopied() {
    int[][] rows = {{1, 2, 3}, {4, 5, 6}};
    Examples examples = Examples.of(List.of(rows));
    rows[1][0] = 7;
    int[] read = new int[3];
    examples.read(1, read);
    assertThat(read).containsExactly(4, 5, 6);
    assertThat(examples.count()).isEqualTo(2);
    assertThat(examples.length()).isEqualTo(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Examples.of(List.of()))
        .withMessageContaining("at least one sequence");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Examples.of(List.of(new int[3], new int[4])))
        .withMessage("sequences must have one length, 3 tokens: 4");
  }

  /** What {@code --limit} leaves reads and scores as before. */
  @Test
  void first_readsWhatItIsTheBeginningOf() {
    Examples all = Chunks.documents(11, 5);
    Examples first = all.first(4);
    int[] one = new int[3];
    int[] other = new int[3];
    all.read(2, one);
    first.read(2, other);
    assertThat(other).isEqualTo(one).containsExactly(2, 0, 1);
    first.readDocuments(3, other);
    assertThat(other).containsExactly(0, 0, 0);
    assertThat(first.documentCount()).isEqualTo(11);
    assertThat(all.first(55).scored(54)).isEqualTo(2);
  }

  /** Examples whose first token is context: it is shown and not scored. */
  private record WithContext(Examples all) implements Examples {
    @Override
    public int length() {
      return all.length();
    }

    @Override
    public long count() {
      return all.count();
    }

    @Override
    public void read(long index, int[] into) {
      all.read(index, into);
    }

    @Override
    public int scored(long index) {
      return all.scored(index);
    }

    @Override
    public int given(long index) {
      return 1;
    }
  }

  /** The error over groups is that of the chunks' own losses and tokens, added up by group. */
  @Test
  void context_isNoTokenOfItsGroup() {
    Examples examples = new WithContext(Chunks.plain(8 * GROUP + 3));
    assertThat(examples.first(2).given(1)).isEqualTo(1);
    BoundEstimate score = score(new AutoregressiveObjective(SPACE), examples, 5, 1);
    UnitLosses losses = score.losses();
    double[] sums = new double[9];
    long[] sizes = new long[9];
    for (int chunk = 0; chunk < losses.tokens().length; chunk++) {
      assertThat(losses.tokens()[chunk]).isEqualTo(chunk == 8 * GROUP + 2 ? 1 : 2);
      sums[chunk / GROUP] += losses.nats()[chunk];
      sizes[chunk / GROUP] += losses.tokens()[chunk];
    }
    assertThat(score.independent()).isEqualTo(Independent.GROUPS);
    assertThat(score.estimate().tokens()).isEqualTo(2 * (8 * GROUP + 3) - 1);
    assertThat(score.estimate().standardError())
        .isCloseTo(StandardError.of(sums, sizes).value(), within(1e-12));
  }

  @Test
  void likelihood_isSaidInBitsAndPerplexity() {
    LikelihoodEstimate estimate = score(Chunks.plain(600)).estimate();
    double nats = estimate.natsPerToken();
    assertThat(estimate.bitsPerToken()).isCloseTo(nats / Math.log(2), within(1e-12));
    assertThat(estimate.bitsPerTokenStandardError())
        .isCloseTo(estimate.standardError() / Math.log(2), within(1e-12));
    assertThat(estimate.perplexity()).isCloseTo(Math.exp(nats), within(1e-9));
    // The derivative of exp.
    assertThat(estimate.perplexityStandardError())
        .isCloseTo(Math.exp(nats) * estimate.standardError(), within(1e-9));
  }
}
