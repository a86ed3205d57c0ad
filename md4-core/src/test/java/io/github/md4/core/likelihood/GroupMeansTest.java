// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class GroupMeansTest {

  @Test
  @Tag("exact")
  void standardError_ofEqualGroupsIsThatOfTheirMeans() {
    GroupMeans means = new GroupMeans(3);
    double[][] values = {{1, 3}, {4, 6}, {6, 10}};
    for (int g = 0; g < values.length; g++) {
      for (double value : values[g]) {
        means.add(g, value);
      }
    }
    // Means 2, 5, 8: mean 5, sample deviation 3, standard error 3 / sqrt(3).
    assertThat(means.mean()).isEqualTo(5);
    assertThat(means.standardError()).isCloseTo(Math.sqrt(3), within(1e-15));
  }

  @Test
  @Tag("exact")
  void mean_weighsGroupsByTheirSize() {
    GroupMeans means = new GroupMeans(2);
    means.add(0, 1);
    means.add(0, 2);
    means.add(0, 3);
    means.add(1, 10);
    assertThat(means.mean()).isEqualTo(4);
  }

  @Test
  @Tag("exact")
  void standardError_ofOneGroupIsUnknown() {
    GroupMeans means = new GroupMeans(1);
    means.add(0, 1);
    means.add(0, 2);
    assertThat(means.standardError()).isNaN();
  }

  /**
   * 2,000 estimates from 20 groups of unequal size of independent uniforms: the mean of the squared
   * standard error is the variance of the mean. A sample variance of 2,000 values has a relative
   * deviation of 3.2%; five of them are a false-alarm rate below 1e-6.
   */
  @Test
  @Tag("statistical")
  void standardError_isTheSpreadOfTheMean() {
    Noise noise = new Noise(3);
    int repeats = 2000;
    double squares = 0;
    double spread = 0;
    for (int r = 0; r < repeats; r++) {
      GroupMeans means = new GroupMeans(20);
      double[] u = noise.uniforms(Purpose.SAMPLE, 0, r, 20 * 7);
      for (int i = 0; i < u.length; i++) {
        if (i % 7 < 5 || i / 7 < 19) {
          means.add(i / 7, u[i]);
        }
      }
      squares += means.standardError() * means.standardError() / repeats;
      spread += (means.mean() - 0.5) * (means.mean() - 0.5) / repeats;
    }
    assertThat(squares / spread).isCloseTo(1, within(0.17));
  }
}
