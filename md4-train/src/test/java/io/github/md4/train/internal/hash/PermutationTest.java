// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.BitSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PermutationTest {
  private static final long TEXT8_WINDOWS = 89_999_745;

  @Tag("exact")
  @ParameterizedTest
  @ValueSource(
      longs = {
        1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 64, 65, 97, 1000, 1024, 1025, 65_536, 65_537, 100_003
      })
  void apply_isABijection(long size) {
    for (long epoch = 0; epoch < 3; epoch++) {
      Permutation permutation = Permutation.of(size, 11, epoch);
      BitSet images = new BitSet();
      for (long k = 0; k < size; k++) {
        long image = permutation.apply(k);
        assertThat(image).isBetween(0L, size - 1);
        images.set((int) image);
      }
      assertThat(images.cardinality()).isEqualTo((int) size);
    }
  }

  @Tag("exact")
  @Test
  void of_rejectsAnImpossibleSize() {
    assertThatIllegalArgumentException().isThrownBy(() -> Permutation.of(0, 1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Permutation.of(Long.MAX_VALUE, 1, 0));
  }

  @Tag("golden")
  @Test
  void apply_isTheSameInEveryRelease() {
    // Not a published vector: what this code gave first. A change breaks the resuming of runs.
    Permutation permutation = Permutation.of(TEXT8_WINDOWS, 1, 0);
    assertThat(new long[] {permutation.apply(0), permutation.apply(1), permutation.apply(2)})
        .containsExactly(5_824_407L, 57_457_767L, 42_907_733L);
  }

  @Tag("statistical")
  @Test
  void apply_dependsOnSeedAndEpoch() {
    int same = 0;
    Permutation one = Permutation.of(TEXT8_WINDOWS, 1, 0);
    Permutation nextEpoch = Permutation.of(TEXT8_WINDOWS, 1, 1);
    Permutation nextSeed = Permutation.of(TEXT8_WINDOWS, 2, 0);
    for (long k = 0; k < 10_000; k++) {
      same += one.apply(k) == nextEpoch.apply(k) ? 1 : 0;
      same += one.apply(k) == nextSeed.apply(k) ? 1 : 0;
    }
    // 2e-4 agreements are expected by chance, so one or more in 1 of 4,500 seeds.
    assertThat(same).isZero();
  }

  @Tag("statistical")
  @Test
  void apply_isUniformOverSeeds() {
    int size = 1009;
    for (long k : new long[] {0, 1, 500, 1008}) {
      long[] counts = new long[size];
      for (long seed = 0; seed < 100L * size; seed++) {
        counts[(int) Permutation.of(size, seed, 3).apply(k)]++;
      }
      assertUniform(counts);
    }
  }

  @Tag("statistical")
  @Test
  void apply_putsTwoPlacesAnywhere() {
    int size = 5;
    long[] counts = new long[size * (size - 1)];
    for (long epoch = 0; epoch < 1000L * counts.length; epoch++) {
      Permutation permutation = Permutation.of(size, 7, epoch);
      int first = (int) permutation.apply(2);
      int second = (int) permutation.apply(3);
      counts[first * (size - 1) + (second > first ? second - 1 : second)]++;
    }
    assertUniform(counts);
  }

  @Tag("statistical")
  @Test
  void apply_spreadsNeighbours() {
    Permutation permutation = Permutation.of(TEXT8_WINDOWS, 5, 2);
    int bins = 1009;
    long[] places = new long[bins];
    long[] distances = new long[bins];
    long[] fine = new long[bins];
    for (long k = 0; k < 200_000; k++) {
      long image = permutation.apply(k);
      long distance = Math.floorMod(permutation.apply(k + 1) - image, TEXT8_WINDOWS);
      places[(int) (image * bins / TEXT8_WINDOWS)]++;
      distances[(int) (distance * bins / TEXT8_WINDOWS)]++;
      fine[(int) (image % bins)]++;
    }
    assertUniform(places);
    assertUniform(distances);
    assertUniform(fine);
  }

  /**
   * Throws unless chi-square is within 5 standard deviations of its mean. For 1,008 degrees of
   * freedom that is a false alarm in 2e-6 of seeds, for 19 in 2e-4 (a chi-square's tail is heavier
   * than a normal's).
   */
  private static void assertUniform(long[] counts) {
    double expected = 0;
    for (long count : counts) {
      expected += (double) count / counts.length;
    }
    double chiSquare = 0;
    for (long count : counts) {
      chiSquare += (count - expected) * (count - expected) / expected;
    }
    int freedom = counts.length - 1;
    assertThat(Math.abs(chiSquare - freedom) / Math.sqrt(2.0 * freedom)).isLessThan(5);
  }
}
