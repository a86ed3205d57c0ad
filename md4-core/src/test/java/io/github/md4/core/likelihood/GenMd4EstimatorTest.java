// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TinyLaw;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The bound under learned powers, as every other estimator gives it. */
@Tag("naive")
final class GenMd4EstimatorTest {
  private static final int V = 3;
  private static final int PASSES = 2;
  private static final TinyLaw LAW = TinyLaw.random(V, 4);
  private static final GenMd4Schedule SCHEDULE =
      new GenMd4Schedule(new double[] {0.5, 1.2, 2.5}, 1e-4);

  /** All sequences of the law, one after another. */
  private record All() implements Examples {
    @Override
    public long count() {
      return LAW.sequences().length;
    }

    @Override
    public int length() {
      return LAW.length();
    }

    @Override
    public void read(long index, int[] into) {
      System.arraycopy(LAW.sequences()[(int) index], 0, into, 0, into.length);
    }
  }

  private static BoundEstimate score(TimeFloor floor) {
    LikelihoodEstimator.Settings settings = new LikelihoodEstimator.Settings(13, PASSES, 7);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      BoundEstimate scores =
          new LikelihoodEstimator(new GenMd4Objective(SCHEDULE, floor), settings)
              .score(manager, LAW, new All(), done -> {});
      assertThat(manager.getManagedArrays()).isEmpty();
      return scores;
    }
  }

  @Test
  void estimate_isTheMeanOfPlainLoopsOverTheSameNoise() {
    LikelihoodEstimate estimate = score(TimeFloor.REFERENCE).estimate();
    double diffusion = 0;
    double reconstruction = 0;
    for (int i = 0; i < LAW.sequences().length; i++) {
      for (int pass = 0; pass < PASSES; pass++) {
        diffusion += diffusion(i, pass) / PASSES;
      }
      for (int token : LAW.sequences()[i]) {
        reconstruction += reconstruction(token);
      }
    }
    double tokens = LAW.sequences().length * 4.0;
    // The rows are float32 numbers below 10, times up to some hundred.
    assertThat(estimate.terms().diffusion()).isCloseTo(diffusion / tokens, within(1e-5));
    assertThat(estimate.terms().reconstruction()).isCloseTo(reconstruction / tokens, within(1e-15));
    assertThat(estimate.terms().prior()).isZero();
  }

  private static double diffusion(int index, int pass) {
    Noise noise = new Noise(13);
    int group = index / 64;
    int size = Math.min(64, LAW.sequences().length - group * 64);
    double u = noise.uniform(Purpose.EVALUATION_TIME, pass, group, 0) + (index % 64.0) / size;
    double t = 1e-3 + 0.999 * (u < 1 ? u : u - 1);
    double[] masks = noise.uniforms(Purpose.EVALUATION_MASK, pass, index, 4);
    int[] x = LAW.sequences()[index];
    int[] zt = x.clone();
    for (int n = 0; n < 4; n++) {
      zt[n] = masks[n] < 1 - (1 - 1e-4) * Math.pow(t, SCHEDULE.power(x[n])) ? x[n] : V;
    }
    double sum = 0;
    for (int n = 0; n < 4; n++) {
      if (zt[n] == V) {
        double[] mu = LAW.mu(zt, n);
        sum -= SCHEDULE.power(x[n]) * (Math.log(mu[x[n]]) + 1);
        for (int v = 0; v < V; v++) {
          sum += SCHEDULE.power(v) * mu[v];
        }
      }
    }
    return sum / t;
  }

  private static double reconstruction(int token) {
    double sum = 0;
    for (int v = 0; v < V; v++) {
      sum += Math.pow(1e-3, SCHEDULE.power(v));
    }
    double own = Math.pow(1e-3, SCHEDULE.power(token));
    return -(1 - 1e-4) * own * Math.log(own / sum);
  }

  @Test
  void exactFloor_countsTheIntegral() {
    NegativeTerms reference = NegativeTerms.of(score(TimeFloor.REFERENCE));
    NegativeTerms exact = NegativeTerms.of(score(TimeFloor.EXACT));
    assertThat(exact.diffusion)
        .isCloseTo(0.999 * reference.diffusion, within(1e-9 * reference.diffusion));
    assertThat(exact.reconstruction).isEqualTo(reference.reconstruction);
  }

  private record NegativeTerms(double diffusion, double reconstruction) {
    static NegativeTerms of(BoundEstimate scores) {
      LikelihoodEstimate estimate = scores.estimate();
      return new NegativeTerms(estimate.terms().diffusion(), estimate.terms().reconstruction());
    }
  }

  /** What tokens add without the network is in intervals and differences too. */
  @Test
  void interval_isAroundTheWholeBound() {
    BoundEstimate scores = score(TimeFloor.REFERENCE);
    double nats = scores.estimate().natsPerToken();
    Interval interval = scores.interval();
    assertThat(nats).isBetween(interval.low(), interval.high());
    assertThat(interval.high() - interval.low()).isLessThan(nats);
    BoundEstimate.Difference difference = scores.minus(score(TimeFloor.EXACT));
    assertThat(difference.nats())
        .isCloseTo(0.001 * scores.estimate().terms().diffusion(), within(1e-9));
  }

  @Test
  void estimators_sayWhatTheyAre() {
    assertThat(score(TimeFloor.REFERENCE).objective())
        .hasToString("continuous from 0.001, reference")
        .extracting(Objective::kind)
        .isEqualTo("upper bound, times 1 / (1 - 0.001) as md4 has it");
    assertThat(score(TimeFloor.EXACT).objective())
        .hasToString("continuous from 0.001, exact")
        .extracting(Objective::kind)
        .isEqualTo("upper bound");
  }
}
