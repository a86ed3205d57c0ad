// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class TallyTest {
  private static Tally.Sizes sizes(long... ofGroup) {
    return new Tally.Sizes(ofGroup, ofGroup);
  }

  private static Tally tally(double[][] cells) {
    Tally tally = new Tally(cells.length, cells.length, cells[0].length);
    for (int g = 0; g < cells.length; g++) {
      for (int p = 0; p < cells[g].length; p++) {
        tally.add(g, g, p, cells[g][p]);
      }
    }
    return tally;
  }

  @Test
  @Tag("exact")
  void standardError_ofOnePassIsThatOfTheGroupsMeans() {
    Tally tally = tally(new double[][] {{4}, {10}, {16}});
    // Means 2, 5, 8 of two tokens each: mean 5, deviation 3, standard error 3 / sqrt(3).
    assertThat(tally.mean(sizes(2, 2, 2))).isEqualTo(5);
    assertThat(tally.standardError(sizes(2, 2, 2))).isCloseTo(Math.sqrt(3), within(1e-15));
    assertThat(tally.degreesOfFreedom()).isEqualTo(2);
  }

  @Test
  @Tag("exact")
  void standardError_ofPassesIgnoresTheDifferencesOfGroups() {
    Tally tally = tally(new double[][] {{10, 12}, {1000, 1004}});
    // Half-differences 1 and 2 are the errors of the groups' sums; over 2 + 3 tokens.
    assertThat(tally.mean(sizes(2, 3))).isEqualTo((11 + 1002) / 5.0);
    assertThat(tally.standardError(sizes(2, 3))).isCloseTo(Math.sqrt(5) / 5, within(1e-15));
    assertThat(tally.degreesOfFreedom()).isEqualTo(2);
  }

  @Test
  @Tag("exact")
  void mean_weighsByTokens() {
    assertThat(tally(new double[][] {{6}, {10}}).mean(sizes(3, 1))).isEqualTo(4);
  }

  @Test
  @Tag("exact")
  void standardError_ofOneGroupInOnePassIsUnknown() {
    assertThat(tally(new double[][] {{6}}).standardError(sizes(3))).isNaN();
  }

  /**
   * The mean of the squared standard error is the variance of the mean, for one pass and for three:
   * 2,000 repeats of 20 groups. A sample variance of 2,000 values has a relative deviation of 3.2%;
   * five of them are a false-alarm rate below 1e-6.
   */
  @Test
  @Tag("statistical")
  void standardError_isTheSpreadOfTheMean() {
    Noise noise = new Noise(3);
    for (int passes : new int[] {1, 3}) {
      double squares = 0;
      double spread = 0;
      for (int r = 0; r < 2000; r++) {
        double[] u = noise.uniforms(Purpose.SAMPLE, passes, r, 20 * passes);
        double[][] cells = new double[20][passes];
        IntStream.range(0, u.length).forEach(i -> cells[i / passes][i % passes] = 7 * u[i]);
        long[] tokens = new long[20];
        java.util.Arrays.fill(tokens, 7);
        Tally tally = tally(cells);
        squares += Math.pow(tally.standardError(sizes(tokens)), 2) / 2000;
        spread += Math.pow(tally.mean(sizes(tokens)) - 0.5, 2) / 2000;
      }
      assertThat(squares / spread).as("%d passes", passes).isCloseTo(1, within(0.17));
    }
  }

  /**
   * Documents of unequal length whose nats are uniform in their mean: the interval holds the truth
   * 95 times in 100. Of 400, 380 are expected, with a deviation of 4.4; the percentile interval of
   * 60 documents falls a little short. Six deviations.
   */
  @Test
  @Tag("statistical")
  void interval_holdsTheTruthAsOftenAsItSays() {
    Noise noise = new Noise(4);
    int held = 0;
    for (int r = 0; r < 400; r++) {
      double[] u = noise.uniforms(Purpose.SAMPLE, 0, r, 120);
      double[] nats = new double[60];
      long[] tokens = new long[60];
      for (int d = 0; d < 60; d++) {
        tokens[d] = 1 + (long) (20 * u[2 * d]);
        nats[d] = 2 * tokens[d] * u[2 * d + 1]; // of two passes
      }
      Interval interval = Bootstrap.interval(nats, tokens, 2, r);
      held += interval.low() < 0.5 && interval.high() > 0.5 ? 1 : 0;
    }
    assertThat(held).isBetween(353, 398);
  }

  @Test
  @Tag("exact")
  void interval_ofFewDocumentsIsUnknown() {
    assertThat(Bootstrap.interval(new double[] {1, 2, 3}, new long[] {1, 1, 0}, 1, 1))
        .isEqualTo(Interval.UNKNOWN);
  }
}
