// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.token.ImageShape;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Against sums over a grid so fine that every border of a pixel falls on it. */
final class ResizeTest {
  private static final ImageShape SHAPE = new ImageShape(6, 10, 3);
  private static final Image IMAGE = new Image(SHAPE, ImageFiles.values(1, 6, 10, 3));

  private static void assertIsMeanOfFineGrid(int height, int width) {
    Image resized = new Resize.Area(height, width).of(IMAGE);
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        for (int colour = 0; colour < 3; colour++) {
          double mean = fineMean(row, height, column, width, colour);
          // Half a value may go either way.
          assertThat((double) resized.value(row, column, colour))
              .isBetween(mean - 0.5 - 1e-9, mean + 0.5 + 1e-9);
        }
      }
    }
  }

  private static double fineMean(int row, int height, int column, int width, int colour) {
    double sum = 0;
    for (int y = row * SHAPE.height(); y < (row + 1) * SHAPE.height(); y++) {
      for (int x = column * SHAPE.width(); x < (column + 1) * SHAPE.width(); x++) {
        sum += IMAGE.value(y / height, x / width, colour);
      }
    }
    return sum / SHAPE.pixels();
  }

  @Test
  @Tag("naive")
  void area_isTheMeanOfWhatANewPixelCovers() {
    assertIsMeanOfFineGrid(3, 5);
    assertIsMeanOfFineGrid(4, 7);
    assertIsMeanOfFineGrid(1, 1);
    assertIsMeanOfFineGrid(9, 13);
  }

  @Test
  @Tag("exact")
  void area_ofTheSameSizeChangesNothing() {
    assertThat(new Resize.Area(6, 10).of(IMAGE).values()).isEqualTo(IMAGE.values());
  }

  @Test
  @Tag("exact")
  void centralSquare_leavesOutAsMuchOnBothSides() {
    Image square = new Resize.CentralSquare(6).of(IMAGE);
    for (int row = 0; row < 6; row++) {
      for (int column = 0; column < 6; column++) {
        assertThat(square.value(row, column, 1)).isEqualTo(IMAGE.value(row, column + 2, 1));
      }
    }
  }

  /** Where the rest is odd, the pixel more is behind: offsets are rounded down. */
  @Test
  @Tag("exact")
  void centralSquare_roundsItsOffsetDown() {
    Image odd = new Image(new ImageShape(2, 5, 1), ImageFiles.values(1, 2, 5, 1));
    assertThat(new Resize.CentralSquare(2).of(odd).value(0, 0, 0)).isEqualTo(odd.value(0, 1, 0));
  }
}
