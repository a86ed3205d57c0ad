// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.AnyOrderObjective;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ExactElbo;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.TinyLaw;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each objective's estimate against its exact expectation on a law that can be enumerated. */
final class ObjectivesTest {
  private static final TinyLaw LAW = TinyLaw.random(3, 3);
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());
  private static final int STEPS = 5;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static Stream<Denoiser> denoisers() {
    return Stream.of(LAW, new ToyBound.Timed(LAW));
  }

  private static Md4Objective elbo(TimeAxis axis) {
    return new Md4Objective(LAW.space(), LINEAR, axis);
  }

  private static Objective continuous() {
    return elbo(new TimeAxis.Continuous());
  }

  private static Objective steps() {
    return elbo(new TimeAxis.Discrete(STEPS));
  }

  private static Objective anyOrder() {
    return new AnyOrderObjective(LAW.space(), LINEAR);
  }

  /** Sequences in the law's proportions, to the nearest of 960. */
  private static Examples examples() {
    int[][] drawn = new int[960][];
    double sum = 0;
    int next = 0;
    for (int i = 0; i < LAW.sequences().length; i++) {
      sum += LAW.probabilities()[i];
      for (; next < Math.round(960 * sum); next++) {
        drawn[next] = LAW.sequences()[i];
      }
    }
    return new Listed(drawn);
  }

  /** Examples of an array. */
  record Listed(int[][] x) implements Examples {
    @Override
    public long count() {
      return x.length;
    }

    @Override
    public int length() {
      return x[0].length;
    }

    @Override
    public void read(long index, int[] into) {
      System.arraycopy(x[(int) index], 0, into, 0, into.length);
    }
  }

  private BoundEstimate score(Objective objective, Denoiser denoiser, int passes) {
    return new LikelihoodEstimator(objective, new LikelihoodEstimator.Settings(5, passes, 960))
        .score(manager, denoiser, examples(), done -> {});
  }

  private double exact(Objective objective, Denoiser denoiser) {
    int[][] x = ((Listed) examples()).x;
    double[] shares = new double[x.length];
    Arrays.fill(shares, 1.0 / x.length);
    TinyLaw asSampled = TinyLaw.of(LAW.space(), LAW.length(), shares(x));
    ExactElbo exact =
        new ExactElbo(manager, denoiser, LAW.space(), LAW.sequences(), asSampled.probabilities());
    if (objective.equals(anyOrder())) {
      return new ToyBound(manager, denoiser, asSampled).mean(toy(denoiser).anyOrder(LINEAR))
          / LAW.length();
    }
    TimeAxis axis = ((Md4Objective) objective).axis();
    double nats =
        axis instanceof TimeAxis.Discrete discrete
            ? exact.discrete(LINEAR, discrete.steps())
            : exact.continuous(LINEAR);
    return elbo(axis).terms(nats / LAW.length()).total();
  }

  private static double[] shares(int[][] x) {
    return Arrays.stream(LAW.sequences())
        .mapToDouble(s -> Stream.of(x).filter(each -> Arrays.equals(each, s)).count() / 960.0)
        .toArray();
  }

  private ToyBound toy(Denoiser denoiser) {
    return new ToyBound(manager, denoiser, LAW);
  }

  /** Within five standard errors of 60 passes over 15 groups: a false alarm below 1e-6. */
  @ParameterizedTest
  @MethodSource("denoisers")
  @Tag("statistical")
  void estimate_hasItsExactExpectation(Denoiser denoiser) {
    for (Objective objective : List.of(continuous(), steps(), anyOrder())) {
      LikelihoodEstimate estimate = score(objective, denoiser, 60).estimate();
      assertThat(estimate.standardError()).isBetween(1e-5, 0.02);
      assertThat(estimate.natsPerToken())
          .as(objective.toString())
          .isCloseTo(exact(objective, denoiser), within(5 * estimate.standardError()));
    }
  }

  /** The exact values themselves: equal, but for the ends of the schedule; T steps are looser. */
  @ParameterizedTest
  @MethodSource("denoisers")
  @Tag("exact")
  void anyOrderAndContinuous_areOneBound(Denoiser denoiser) {
    double slack = 1e-4 * Math.log(3) + 2e-4 * 3 * Math.log(3);
    double continuous = exact(continuous(), denoiser);
    assertThat(exact(anyOrder(), denoiser)).isCloseTo(continuous, within(slack));
    if (denoiser == LAW) {
      assertThat(exact(steps(), denoiser)).isGreaterThan(continuous);
    }
  }

  /**
   * A network of letters in runs of 300, asked about letters that do not come in runs: the less is
   * masked, the surer it is, and the more it loses. One step masks nearly all, and is the lower
   * bound of the two. The values are sums over what the nearest letters shown say. Trained networks
   * do this on such data, less sure of runs and so with a smaller difference; this is the exact
   * posterior of runs of 300 on average, the most extreme of the kind.
   */
  @Test
  @Tag("exact")
  void fewerSteps_mayBeALowerBound() {
    double stay = 299.0 / 300;
    double[] runs = new double[27];
    double[] even = new double[27];
    for (int i = 0; i < 27; i++) {
      int[] x = {i / 9, i / 3 % 3, i % 3};
      runs[i] = (x[0] == x[1] ? stay : (1 - stay) / 2) * (x[1] == x[2] ? stay : (1 - stay) / 2) / 3;
      even[i] = 1.0 / 27;
    }
    TinyLaw network = TinyLaw.of(LAW.space(), 3, runs);
    ExactElbo exact = new ExactElbo(manager, network, LAW.space(), network.sequences(), even);
    double one = elbo(new TimeAxis.Discrete(1)).terms(exact.discrete(LINEAR, 1) / 3).total();
    double many = elbo(new TimeAxis.Continuous()).terms(exact.continuous(LINEAR) / 3).total();
    assertThat(one).isCloseTo(1.0991, within(5e-5));
    assertThat(many).isCloseTo(3.2096, within(5e-5));
    BoundEstimate.Difference certain =
        new BoundEstimate.Difference(one - many, 0.001, 8, Interval.UNKNOWN);
    Agreement.Check check = Agreement.looseness("T = 1", certain);
    assertThat(check.outcome()).isEqualTo(Agreement.Outcome.REMARK);
    assertThat(check.text())
        .isEqualTo(
            "T = 1 less continuous: -2.11048 +- 0.00100 nats, 8 degrees of freedom; lower, as may"
                + " be where the cross-entropy per masked token falls as more is masked");
  }

  /** Sequence by sequence, each bound is above the likelihood of the process that it bounds. */
  @ParameterizedTest
  @MethodSource("denoisers")
  @Tag("exact")
  void bounds_areAboveTheExactLikelihood(Denoiser denoiser) {
    MaskingSchedule whole = new MaskingSchedule(new Curve.Linear(), 0);
    double[] process = toy(denoiser).negativeLogLikelihood(whole, STEPS);
    double[] many = toy(denoiser).negativeLogLikelihood(whole, 16);
    double[] anyOrder = toy(denoiser).anyOrder(whole);
    for (int i = 0; i < process.length; i++) {
      int[][] x = {LAW.sequences()[i]};
      ExactElbo one = new ExactElbo(manager, denoiser, LAW.space(), x, new double[] {1});
      // float32 cross-entropies; 16 steps stand for continuous time, off by about 1 / 16.
      assertThat(one.discrete(whole, STEPS)).isGreaterThan(process[i] - 1e-6);
      assertThat(one.continuous(whole)).isGreaterThan(many[i] - 0.15);
      assertThat(anyOrder[i])
          .isGreaterThan(many[i] - 0.15)
          .isCloseTo(one.continuous(whole), within(1e-5));
    }
    double total = IntStream.range(0, many.length).mapToDouble(i -> Math.exp(-many[i])).sum();
    assertThat(total).isCloseTo(1, within(1e-5));
  }

  @Test
  @Tag("exact")
  void anyOrder_hidesAsManyAsItSays() {
    Noise noise = new Noise(1);
    int[] x = {0, 1, 2, 0, 1, 2, 0};
    for (int k = 1; k <= 5; k++) {
      double[] u = noise.uniforms(Purpose.SAMPLE, 0, k, 5); // the last two tokens are padding
      Query query = anyOrder().query(x, (k - 0.5) / 5, u);
      assertThat(query.positions()).hasSize(k);
      assertThat(IntStream.of(query.positions())).allMatch(n -> n < 5);
      assertThat(query.weight()).isEqualTo(5.0 / k);
      for (int n = 0; n < 7; n++) {
        int place = n;
        boolean isHidden = IntStream.of(query.positions()).anyMatch(p -> p == place);
        assertThat(query.zt()[n]).isEqualTo(isHidden ? 3 : x[n]);
      }
      double[] sorted = u.clone();
      Arrays.sort(sorted);
      assertThat(LINEAR.oneMinusAlpha(query.time())).isCloseTo(1 - sorted[5 - k], within(1e-12));
    }
  }

  /**
   * The time given k of n is that of Beta(k, n - k + 1), whose mean is k / (n + 1), and tells
   * nothing of which are hidden. 20,000 draws; six standard deviations.
   */
  @Test
  @Tag("statistical")
  void anyOrder_drawsTheTimeGivenHowMany() {
    Noise noise = new Noise(2);
    int[] x = new int[5];
    double sum = 0;
    double withFirst = 0;
    double first = 0;
    for (int i = 0; i < 20_000; i++) {
      double[] u = noise.uniforms(Purpose.SAMPLE, 1, i, 5);
      Query query = anyOrder().query(x, 0.3, u); // k = 2
      double b = LINEAR.oneMinusAlpha(query.time());
      sum += b / 20_000;
      if (query.zt()[0] == 3) {
        first++;
        withFirst += b;
      }
    }
    // Beta(2, 4) has the deviation 0.178.
    assertThat(sum).isCloseTo(2.0 / 6, within(6 * 0.178 / Math.sqrt(20_000)));
    assertThat(first / 20_000).isCloseTo(0.4, within(6 * 0.49 / Math.sqrt(20_000)));
    assertThat(withFirst / first).isCloseTo(2.0 / 6, within(6 * 0.178 / Math.sqrt(first)));
  }

  @Test
  @Tag("exact")
  void differences_areOfTheSameUniforms() {
    BoundEstimate a = score(continuous(), LAW, 4);
    BoundEstimate b = score(steps(), LAW, 4);
    BoundEstimate.Difference difference = b.minus(a);
    assertThat(difference.nats())
        .isCloseTo(b.estimate().natsPerToken() - a.estimate().natsPerToken(), within(1e-12));
    assertThat(a.minus(a).standardError()).isZero();
    assertThat(difference.interval().low()).isLessThan(difference.nats());
    assertThat(difference.interval().high()).isGreaterThan(difference.nats());
    assertThat(difference.degreesOfFreedom()).isEqualTo(15 * 3);
  }

  @Test
  @Tag("statistical")
  void agreement_holdsOfOneNetworkAndFailsOfTwo() {
    Denoiser flat = (zt, condition, rows) -> LAW.logits(zt, condition, rows).mul(0);
    List<BoundEstimate> one =
        List.of(score(continuous(), LAW, 30), score(steps(), LAW, 30), score(anyOrder(), LAW, 30));
    assertThat(Agreement.of(one))
        .extracting(Agreement.Check::outcome)
        .containsExactly(Agreement.Outcome.HOLDS, Agreement.Outcome.HOLDS);
    List<BoundEstimate> two =
        List.of(score(continuous(), flat, 30), score(steps(), LAW, 30), score(anyOrder(), LAW, 30));
    assertThat(Agreement.of(two))
        .extracting(Agreement.Check::outcome)
        .containsExactly(Agreement.Outcome.REMARK, Agreement.Outcome.FAILS);
    assertThat(Agreement.of(two).get(1).text())
        .startsWith("any-order less continuous: -0.")
        .contains("between the ends of the schedule");
    List<BoundEstimate> few = List.of(score(continuous(), LAW, 1), score(anyOrder(), LAW, 1));
    assertThat(Agreement.of(few.subList(1, 2))).isEmpty();
    assertThat(Agreement.of(few).get(0).outcome()).isEqualTo(Agreement.Outcome.HOLDS);
  }
}
