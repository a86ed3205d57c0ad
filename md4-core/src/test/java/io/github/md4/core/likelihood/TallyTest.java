// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class TallyTest {
  private static Tally.Sizes sizes(long... ofGroup) {
    return new Tally.Sizes(ofGroup, ofGroup);
  }

  private static long[] equal(int groups, long tokens) {
    long[] sizes = new long[groups];
    Arrays.fill(sizes, tokens);
    return sizes;
  }

  /** One document a group, with as many tokens in a pass as given. */
  private static Tally tally(double[][] cells, long... tokens) {
    Tally tally = new Tally(cells.length, cells[0].length, TimeStrata.single(cells.length));
    for (int g = 0; g < cells.length; g++) {
      tally.strata().tokens()[g][0] = tokens[g] * cells[g].length;
      for (int p = 0; p < cells[g].length; p++) {
        tally.add(g, g, p, 0.5, cells[g][p]);
      }
    }
    return tally;
  }

  @Test
  @Tag("exact")
  void standardError_ofOnePassIsThatOfTheGroupsMeans() {
    Tally tally =
        tally(new double[][] {{4}, {10}, {16}, {4}, {10}, {16}, {4}, {10}, {16}}, equal(9, 2));
    // Means 2, 5, 8 of two tokens each: mean 5, squared deviations 18 + 18 + 18 over 8 and over 9.
    assertThat(tally.mean(sizes(equal(9, 2)))).isEqualTo(5);
    StandardError error = tally.standardError(sizes(equal(9, 2)));
    assertThat(error.value()).isCloseTo(Math.sqrt(54.0 / 8 / 9), within(1e-15));
    assertThat(error.degreesOfFreedom()).isEqualTo(8);
    assertThat(tally.errorOfGroups(sizes(equal(9, 2)))).isEqualTo(error);
  }

  @Test
  @Tag("exact")
  void standardError_ofPassesIgnoresTheDifferencesOfGroups() {
    double[][] cells = new double[8][];
    for (int g = 0; g < 8; g++) {
      cells[g] = g % 2 == 0 ? new double[] {10, 12} : new double[] {1000, 1004};
    }
    long[] tokens = {2, 3, 2, 3, 2, 3, 2, 3};
    // Half-differences 1 and 2 are the errors of the groups' sums; over 20 tokens.
    StandardError error = tally(cells, tokens).standardError(sizes(tokens));
    assertThat(tally(cells, tokens).mean(sizes(tokens))).isEqualTo(4 * (11 + 1002) / 20.0);
    assertThat(error.value()).isCloseTo(Math.sqrt(4 * 5) / 20, within(1e-15));
    assertThat(error.degreesOfFreedom()).isEqualTo(8);
  }

  /** From 8 groups, or 7 degrees of passes, on, and not before, the stratification counts. */
  @Test
  @Tag("exact")
  void standardError_ofFewDegreesIsThatOfUnits() {
    double[][] cells = {{4}, {10}, {16}, {4}, {10}, {16}, {4}, {10}};
    long[] tokens = equal(8, 2);
    Tally tally = halves(cells, 8);
    assertThat(tally.source()).isEqualTo(BoundEstimate.Source.GROUPS);
    assertThat(tally.standardError(sizes(tokens)).degreesOfFreedom()).isEqualTo(7);
    // Sums 34 and 40 of 8 tokens each: means 4.25 and 5, half their difference.
    assertThat(tally.errorOfUnits().value()).isCloseTo(0.375, within(1e-15));
    assertThat(tally.errorOfUnits().degreesOfFreedom()).isEqualTo(1);
    Tally seven = halves(cells, 7);
    assertThat(seven.source()).isEqualTo(BoundEstimate.Source.UNITS);
    assertThat(seven.standardError(sizes(equal(7, 2)))).isEqualTo(seven.errorOfUnits());
    double[][] pairs = {{10, 12}, {1, 4}, {5, 5}, {7, 6}, {7, 6}, {7, 6}, {7, 6}};
    Tally passes = tally(pairs, equal(7, 1));
    assertThat(passes.source()).isEqualTo(BoundEstimate.Source.PASSES);
    assertThat(passes.standardError(sizes(equal(7, 1))).degreesOfFreedom()).isEqualTo(7);
    Tally fewer = tally(Arrays.copyOf(pairs, 6), equal(6, 1));
    assertThat(fewer.source()).isEqualTo(BoundEstimate.Source.UNITS);
    assertThat(fewer.standardError(sizes(equal(6, 1))).degreesOfFreedom()).isEqualTo(5);
  }

  /** Two documents over groups of two tokens, four groups each or fewer. */
  private static Tally halves(double[][] cells, int groups) {
    TimeStrata strata = TimeStrata.single(2);
    Tally tally = new Tally(groups, 1, strata);
    for (int g = 0; g < groups; g++) {
      tally.add(g / 4, g, 0, 0.5, cells[g][0]);
      strata.tokens()[g / 4][0] += 2;
    }
    return tally;
  }

  /** Three passes of one group, and two of two: by hand. */
  @Test
  @Tag("exact")
  void errors_divideByThePasses() {
    double[][] cells = new double[8][];
    Arrays.fill(cells, new double[] {1, 2, 6});
    Tally tally = tally(cells, equal(8, 1));
    // The squares of -2, -1 and 3 are 14, over 3 and over 2, eight times, over 8 tokens.
    assertThat(tally.standardError(sizes(equal(8, 1))).value())
        .isCloseTo(Math.sqrt(8 * 14 / 6.0) / 8, within(1e-15));
    Tally two = tally(new double[][] {{1, 2}, {4, 1}}, 1, 1);
    assertThat(two.byCell()).isDeepEqualTo(new double[][] {{1, 2}, {4, 1}});
    // Sums of two passes 3 and 5, a token's means 1.5 and 2.5: half of their difference.
    assertThat(two.errorOfGroups(sizes(1, 1)).value()).isCloseTo(0.5, within(1e-15));
    assertThat(two.errorOfGroups(sizes(1, 1)).interval(2).isKnown()).isTrue(); // of one degree
  }

  @Test
  @Tag("exact")
  void standardError_leavesOutEmptyGroups() {
    StandardError of = StandardError.of(new double[] {1, 0, 3}, new long[] {1, 0, 1});
    assertThat(of).isEqualTo(StandardError.of(new double[] {1, 3}, new long[] {1, 1}));
    assertThat(of.degreesOfFreedom()).isEqualTo(1);
  }

  @Test
  @Tag("exact")
  void mean_weighsByTokens() {
    assertThat(tally(new double[][] {{6}, {10}}, 3, 1).mean(sizes(3, 1))).isEqualTo(4);
  }

  @Test
  @Tag("exact")
  void standardError_ofOneGroupInOnePassIsUnknown() {
    StandardError error = tally(new double[][] {{6}}, 3).standardError(sizes(3));
    assertThat(error.value()).isNaN();
    assertThat(error.degreesOfFreedom()).isZero();
    assertThat(error.interval(2).isKnown()).isFalse();
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
        long[] tokens = equal(20, 7);
        Tally tally = tally(cells, tokens);
        squares += Math.pow(tally.standardError(sizes(tokens)).value(), 2) / 2000;
        spread += Math.pow(tally.mean(sizes(tokens)) - 0.5, 2) / 2000;
      }
      assertThat(squares / spread).as("%d passes", passes).isCloseTo(1, within(0.17));
    }
  }
}
