// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.AbsorbingCtmcObjective;
import io.github.md4.core.diffusion.AbsorbingD3pmObjective;
import io.github.md4.core.diffusion.AnyOrderObjective;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ExactElbo;
import io.github.md4.core.diffusion.MaskProbabilityObjective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.NoisyLaw;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.ScoreEntropyObjective;
import io.github.md4.core.diffusion.ScoreEntropyObjective.Scale;
import io.github.md4.core.diffusion.TinyLaw;
import io.github.md4.core.diffusion.UniformCtmcObjective;
import io.github.md4.core.diffusion.UniformD3pmObjective;
import io.github.md4.core.diffusion.UniformProcess;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The bounds of the systems that MD4 is compared with, on laws that can be enumerated. */
final class BaselineBoundsTest {
  private static final TinyLaw LAW = TinyLaw.random(3, 3);
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());
  private static final MaskingSchedule GEOMETRIC = new MaskingSchedule(new Curve.Geometric());
  private static final TimeAxis CONTINUOUS = new TimeAxis.Continuous();
  private static final int STEPS = 4;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private static Md4Objective md4(MaskingSchedule schedule) {
    return new Md4Objective(LAW.space(), schedule, CONTINUOUS);
  }

  /** Returns the value of one query, nats. */
  private double value(Objective objective, Denoiser denoiser, int[] x, Query query) {
    QueryBatch batch =
        QueryBatch.of(new int[][] {x}, new int[] {Condition.NO_LABEL}, List.of(query));
    return batch.values(batch.losses(manager, denoiser, objective.rowLoss()))[0];
  }

  /** The scores r mu, told as the objective reads them: f + c is log mu. */
  private static Denoiser scores(Denoiser denoiser, MaskingSchedule schedule, Scale scale) {
    return (zt, condition, rows) ->
        denoiser
            .logits(zt, condition, rows)
            .logSoftmax(1)
            .sub((float) scale.shift(LAW.space(), schedule, condition.times()[0]));
  }

  /** Query by query, under s = r mu; where the scores add up to something else it is more. */
  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void scoreEntropy_isMd4sBound(MaskingSchedule schedule) {
    Noise noise = new Noise(4);
    for (Scale scale : Scale.values()) {
      ScoreEntropyObjective objective = new ScoreEntropyObjective(LAW.space(), schedule, scale);
      assertThat(objective.terms(1)).isEqualTo(md4(schedule).terms(1));
      for (int i = 0; i < 27; i++) {
        int[] x = LAW.sequences()[i];
        double[] u = noise.uniforms(Purpose.SAMPLE, 0, i, 3);
        double v = (i + 0.5) / 27;
        double expected = value(md4(schedule), LAW, x, md4(schedule).query(x, v, u));
        Query query = objective.query(x, v, u);
        Denoiser scores = scores(LAW, schedule, scale);
        // float32: the sum of the scores is off 1 by 1e-7 times its largest term.
        assertThat(value(objective, scores, x, query))
            .isCloseTo(expected, within(1e-5 * expected + 1e-6));
        Denoiser larger = (zt, condition, rows) -> scores.logits(zt, condition, rows).add(0.5f);
        double more = query.weight() * query.positions().length * (Math.exp(0.5) - 1 - 0.5);
        assertThat(value(objective, larger, x, query) - expected)
            .isCloseTo(more, within(1e-5 * (more + expected) + 1e-6));
      }
    }
  }

  static List<MaskingSchedule> schedules() {
    return List.of(LINEAR, GEOMETRIC);
  }

  /** All masks and jumps of one time, against the sum over all masks of MD4's integrand. */
  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void jumpsToMasks_areMd4sBoundInExpectation(MaskingSchedule schedule) {
    Denoiser denoiser = new ToyBound.Timed(LAW);
    AbsorbingCtmcObjective jumps = new AbsorbingCtmcObjective(LAW.space(), schedule);
    for (double t : new double[] {0.05, 0.4, 0.93}) {
      for (int i = 0; i < 27; i += 5) {
        int[] x = LAW.sequences()[i];
        double ofJumps = 0;
        double ofMd4 = 0;
        for (int mask = 0; mask < 8; mask++) {
          double probability = probability(schedule, mask, t);
          ofMd4 +=
              probability
                  * value(md4(schedule), denoiser, x, md4(schedule).query(x, t, u(mask, -1, t)));
          int unmasked = 3 - Integer.bitCount(mask);
          for (int jump = 0; jump < 3; jump++) {
            if ((mask >> jump & 1) == 0) {
              Query query = jumps.query(x, t, u(mask, jump, t));
              assertThat(query.positions()).containsExactly(jump);
              ofJumps += probability / unmasked * value(jumps, denoiser, x, query);
            }
          }
        }
        assertThat(ofJumps).isCloseTo(ofMd4, within(1e-5 * ofMd4));
      }
    }
    Query nothing = jumps.query(new int[] {0, 1, 2}, 0.5, u(7, -1, 0.5));
    assertThat(nothing.positions()).isEmpty();
  }

  private static double probability(MaskingSchedule schedule, int mask, double t) {
    int count = Integer.bitCount(mask);
    return Math.pow(schedule.oneMinusAlpha(t), count) * Math.pow(schedule.alpha(t), 3.0 - count);
  }

  /** Uniforms that mask just those, the least of the others at the jump. */
  private static double[] u(int mask, int jump, double t) {
    double[] u = new double[3];
    for (int n = 0; n < 3; n++) {
      u[n] = (mask >> n & 1) == 1 ? Math.nextDown(1.0) : n == jump ? 0 : 1e-9 * (1 + t);
    }
    return u;
  }

  /** The first order of the error: it halves where T doubles. */
  @Test
  @Tag("exact")
  void absorbingD3pm_tendsToMd4WithTheNumberOfSteps() {
    ExactElbo exact = ExactElbo.of(manager, LAW);
    double limit = exact.continuous(LINEAR);
    double before = Double.NaN;
    for (int steps : new int[] {16, 32, 64, 128}) {
      AbsorbingD3pmObjective d3pm =
          new AbsorbingD3pmObjective(LAW.space(), LINEAR, new TimeAxis.Discrete(steps), 0.01);
      TimeAxis.Discrete axis = new TimeAxis.Discrete(steps);
      Objective bound = d3pm.likelihood();
      assertThat(bound).isEqualTo(new AbsorbingD3pmObjective(LAW.space(), LINEAR, axis, 0));
      int[] x = {0, 2, 1};
      double[] u = {0.9, 0.1, 0.8};
      Query ofSteps = new Md4Objective(LAW.space(), LINEAR, axis).query(x, 0.55, u);
      assertThat(bound.query(x, 0.55, u).weight()).isEqualTo(ofSteps.weight());
      assertThat(bound.query(x, 0.55, u).positions()).isEqualTo(ofSteps.positions());
      assertThat(bound.terms(1)).isEqualTo(new Md4Objective(LAW.space(), LINEAR, axis).terms(1));
      double error = exact.discrete(LINEAR, steps) - limit;
      assertThat(error).isPositive();
      if (!Double.isNaN(before)) {
        // The second order is about 1 / T of the first; float32 cross-entropies add 1e-7.
        assertThat(before / error).isCloseTo(2, within(2.0 / steps + 0.02));
      }
      before = error;
    }
  }

  /** The auxiliary term adds lambda times the cross-entropy to each of the T steps. */
  @Test
  @Tag("exact")
  void auxiliary_addsTheCrossEntropyToEachStep() {
    TimeAxis.Discrete axis = new TimeAxis.Discrete(10);
    double[] u = {0.9, 0.1, 0.8};
    int[] x = {0, 2, 1};
    Objective plain = new AbsorbingD3pmObjective(LAW.space(), LINEAR, axis, 0);
    Objective with = new AbsorbingD3pmObjective(LAW.space(), LINEAR, axis, 0.01);
    Query query = plain.query(x, 0.55, u);
    assertThat(query.positions()).containsExactly(0, 2);
    assertThat(query.weight()).isEqualTo(-axis.lossWeight(LINEAR, 0.6));
    assertThat(with.query(x, 0.55, u).weight()).isCloseTo(query.weight() + 0.1, within(1e-12));
    assertThat(with.kind()).isEqualTo("bound with an auxiliary cross-entropy");
  }

  private static NoisyLaw noisy(double sharpness) {
    return new NoisyLaw(LAW, LINEAR, sharpness);
  }

  private static UniformNoiseSums sums(double sharpness) {
    return new UniformNoiseSums(noisy(sharpness), STEPS);
  }

  private static TimeAxis.Discrete steps() {
    return new TimeAxis.Discrete(STEPS);
  }

  /** Sequence by sequence, and the chain is a law. */
  @Test
  @Tag("exact")
  void uniformD3pm_liesAboveTheExactLikelihood() {
    for (double sharpness : new double[] {1, 0.5}) {
      double[] exact = sums(sharpness).chain();
      assertThat(Arrays.stream(exact).map(nats -> Math.exp(-nats)).sum())
          .isCloseTo(1, within(1e-12));
      for (int i = 0; i < 27; i++) {
        assertThat(sums(sharpness).d3pm(LAW.sequences()[i])).isGreaterThan(exact[i]);
      }
    }
  }

  private static Examples examples() {
    int[][] drawn = new int[960][];
    double sum = 0;
    int next = 0;
    for (int i = 0; i < 27; i++) {
      sum += LAW.probabilities()[i];
      for (; next < Math.round(960 * sum); next++) {
        drawn[next] = LAW.sequences()[i];
      }
    }
    return new ObjectivesTest.Listed(drawn);
  }

  private static double mean(java.util.function.ToDoubleFunction<int[]> ofSequence) {
    int[][] x = ((ObjectivesTest.Listed) examples()).x();
    return Stream.of(LAW.sequences())
        .mapToDouble(
            s ->
                ofSequence.applyAsDouble(s)
                    * Stream.of(x).filter(each -> Arrays.equals(each, s)).count()
                    / 960)
        .sum();
  }

  private LikelihoodEstimate estimate(Objective objective, Denoiser denoiser) {
    return new LikelihoodEstimator(objective, new LikelihoodEstimator.Settings(5, 20, 960))
        .estimate(manager, denoiser, examples(), done -> {});
  }

  /** Within five standard errors of 20 passes over 15 groups: a false alarm below 1e-6 each. */
  @Test
  @Tag("statistical")
  void estimates_haveTheirExactExpectations() {
    for (double sharpness : new double[] {1, 0.5}) {
      NoisyLaw denoiser = noisy(sharpness);
      check(
          estimate(new UniformD3pmObjective(LAW.space(), LINEAR, steps(), 0), denoiser),
          mean(x -> sums(sharpness).d3pm(x)) / 3);
      check(
          estimate(new UniformCtmcObjective(LAW.space(), LINEAR), denoiser),
          mean(x -> sums(sharpness).ctmc(x)) / 3);
    }
    Denoiser timed = new ToyBound.Timed(LAW);
    double md4 =
        mean(
                x ->
                    new ExactElbo(manager, timed, LAW.space(), new int[][] {x}, new double[] {1})
                        .continuous(LINEAR))
            / 3;
    double ends = md4(LINEAR).terms(0).total();
    check(estimate(new AbsorbingCtmcObjective(LAW.space(), LINEAR), timed), md4 + ends);
    for (Objective anyOrder :
        List.of(
            new AnyOrderObjective(LAW.space(), LINEAR),
            new MaskProbabilityObjective(LAW.space(), LINEAR))) {
      LikelihoodEstimate estimate = estimate(anyOrder, timed);
      // The ends of the schedule: a share of 2e-4 of at most 3 log 3 nats.
      assertThat(estimate.natsPerToken())
          .isCloseTo(md4, within(5 * estimate.standardError() + 7e-4));
    }
  }

  private static void check(LikelihoodEstimate estimate, double exact) {
    assertThat(estimate.standardError()).isBetween(1e-5, 0.04);
    assertThat(estimate.natsPerToken()).isCloseTo(exact, within(5 * estimate.standardError()));
  }

  /**
   * One position's loss, weighted by all, where MD4 has those of all masked ones. The deviation of
   * a ratio of two such variances is about 6%.
   */
  @Test
  @Tag("statistical")
  void jumps_haveTheLargerVariance() {
    TinyLaw longer = TinyLaw.random(2, 8);
    double jumps = variance(new AbsorbingCtmcObjective(longer.space(), LINEAR), longer);
    double md4 = variance(new Md4Objective(longer.space(), LINEAR, CONTINUOUS), longer);
    assertThat(jumps / md4).isBetween(1.3, 3.0);
  }

  private double variance(Objective objective, TinyLaw law) {
    Noise noise = new Noise(6);
    int draws = 1500;
    int[][] x = new int[draws][];
    Query[] queries = new Query[draws];
    for (int i = 0; i < draws; i++) {
      x[i] = law.sequences()[i % law.sequences().length];
      double v = (i + noise.uniform(Purpose.TIME, 0, i, 0)) / draws;
      queries[i] = objective.query(x[i], v, noise.uniforms(Purpose.MASK, 0, i, law.length()));
    }
    int[] labels = new int[draws];
    Arrays.fill(labels, Condition.NO_LABEL);
    QueryBatch batch = QueryBatch.of(x, labels, List.of(queries));
    double[] values = batch.values(batch.losses(manager, law, objective.rowLoss()));
    double mean = Arrays.stream(values).average().orElseThrow();
    return Arrays.stream(values).map(each -> (each - mean) * (each - mean)).sum() / draws;
  }

  /** The bound of the truth is the entropy, with steps and ends that cost something. */
  @Test
  @Tag("exact")
  void uniformCtmc_isTheEntropyOfALawThatIsKnown() {
    double bound = 0;
    for (int i = 0; i < 27; i++) {
      bound += LAW.probabilities()[i] * sums(1).ctmc(LAW.sequences()[i]);
    }
    // The reconstruction guesses with even odds: about epsilon log(V / epsilon) a token too much.
    double slack = 3 * 1e-4 * Math.log(3 / 1e-4);
    assertThat(bound).isBetween(LAW.entropy() - 1e-6, LAW.entropy() + slack);
  }

  /**
   * Whatever is guessed, {@code exp(-bound)} is at most the sequence's probability under the chain,
   * so that the sum over all sequences is at most 1; it is nearly 1 where the truth is guessed.
   */
  @ParameterizedTest
  @CsvSource({"1, 0.98", "0.5, 0.1", "2, 0.1"})
  @Tag("exact")
  void uniformCtmc_liesAboveTheLikelihoodWhateverIsGuessed(double sharpness, double least) {
    double sum = 0;
    for (int[] x : LAW.sequences()) {
      sum += Math.exp(-sums(sharpness).ctmc(x));
    }
    assertThat(sum).isBetween(least, 1.0);
  }

  @Test
  @Tag("exact")
  void uniformProcess_hasItsLawAndALeftoverOfItsOwn() {
    Noise noise = new Noise(8);
    UniformProcess process = new UniformProcess(LAW.space(), LINEAR);
    long[] counts = new long[3];
    double[] rest = new double[3];
    int draws = 30_000;
    for (int i = 0; i < draws; i++) {
      UniformProcess.Drawn drawn =
          process.draw(new int[] {1}, 0.4, noise.uniforms(Purpose.SAMPLE, 0, i, 1));
      counts[drawn.zt()[0]]++;
      rest[drawn.zt()[0]] += drawn.rest()[0];
    }
    for (int v = 0; v < 3; v++) {
      double p = v == 1 ? process.own(0.4) : process.other(0.4);
      // Six standard deviations of a count, and of a mean of uniforms.
      assertThat((double) counts[v])
          .isCloseTo(draws * p, within(6 * Math.sqrt(draws * p * (1 - p))));
      assertThat(rest[v] / counts[v])
          .isCloseTo(0.5, within(6 * 0.289 / Math.sqrt((double) counts[v])));
    }
    assertThat(process.own(0.4) + 2 * process.other(0.4)).isCloseTo(1, within(1e-15));
    assertThat(process.prior()).isBetween(0.0, 1e-7);
  }
}
