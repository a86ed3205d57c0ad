// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The angles by a rule of their own: with a width of 8 each pair turns ten times slower than the
 * one before. A base of 9,990 in place of 10,000 turns the last pair by 1e-3 of its angle more,
 * which 1,000 positions make 1e-3 of a radian.
 */
@Tag("exact")
final class RotaryTest {
  private static final int LENGTH = 1001;
  private static final int WIDTH = 8;
  private static final int HALF = WIDTH / 2;

  /** float32 rounds to 6e-8. */
  private static final double TOLERANCE = 1e-7;

  private static double angle(int position, int pair) {
    return position / new double[] {1, 10, 100, 1000}[pair];
  }

  @Test
  void tables_turnEachPairTenTimesSlower() {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      NDList tables = Rotary.tables(manager, LENGTH, WIDTH);
      assertThat(tables.get(0).getShape()).isEqualTo(new Shape(LENGTH, 1, HALF));
      float[] cosines = tables.get(0).toFloatArray();
      float[] sines = tables.get(1).toFloatArray();
      for (int i = 0; i < cosines.length; i++) {
        double angle = angle(i / HALF, i % HALF);
        assertThat((double) cosines[i]).isCloseTo(Math.cos(angle), within(TOLERANCE));
        assertThat((double) sines[i]).isCloseTo(Math.sin(angle), within(TOLERANCE));
      }
    }
  }

  @Test
  void halves_turnTheFirstHalfBackAndTheSecondForth() {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      NDList halves = Rotary.halves(manager, LENGTH, WIDTH);
      assertThat(halves.get(0).getShape()).isEqualTo(new Shape(LENGTH, 1, WIDTH));
      float[] own = halves.get(0).toFloatArray();
      float[] partner = halves.get(1).toFloatArray();
      for (int i = 0; i < own.length; i++) {
        double angle = angle(i / WIDTH, i % HALF);
        int sign = i % WIDTH < HALF ? -1 : 1;
        assertThat((double) own[i]).isCloseTo(Math.cos(angle), within(TOLERANCE));
        assertThat((double) partner[i]).isCloseTo(sign * Math.sin(angle), within(TOLERANCE));
      }
    }
  }
}
