// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("naive")
final class LargestTest {
  private static final double[] SPECIAL = {
    0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.MIN_VALUE, 1
  };

  private static void assertChosen(double[] values) {
    for (int count = 0; count <= values.length + 1; count++) {
      int[] sorted =
          IntStream.range(0, values.length)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> -values[i]))
              .limit(count)
              .mapToInt(Integer::intValue)
              .sorted()
              .toArray();
      assertThat(Largest.of(values, count)).as("%d of %s", count, values).isEqualTo(sorted);
    }
  }

  @Test
  void chosen_areThoseOfASort() {
    Random random = new Random(5);
    for (int length = 0; length < 40; length++) {
      assertChosen(random.doubles(length, -1, 1).toArray());
      assertChosen(random.ints(length, 0, 5).mapToDouble(i -> i).toArray()); // many ties
      assertChosen(random.ints(length, 0, SPECIAL.length).mapToDouble(i -> SPECIAL[i]).toArray());
    }
  }

  @Test
  void chosenOfOrderedOrEqualNumbers_areThoseOfASort() {
    double[] rising = IntStream.range(0, 100).mapToDouble(i -> i).toArray();
    double[] falling = IntStream.range(0, 100).mapToDouble(i -> -i).toArray();
    double[] equal = new double[100];
    Arrays.fill(equal, 0.5);
    assertChosen(rising);
    assertChosen(falling);
    assertChosen(equal);
  }

  @Test
  void numbers_stayInTheirPlaces() {
    double[] values = {3, 1, 2};
    assertThat(Largest.of(values, 2)).containsExactly(0, 2);
    assertThat(values).containsExactly(3, 1, 2);
  }
}
