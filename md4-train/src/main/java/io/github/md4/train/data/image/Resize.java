// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.token.ImageShape;

/** The resizing of images. */
public sealed interface Resize {

  /**
   * {@return the resized image}
   *
   * @param image the picture to be resized; it stays as it is
   */
  Image of(Image image);

  /** No resizing. */
  record None() implements Resize {
    @Override
    public Image of(Image image) {
      return image;
    }
  }

  /**
   * Resizing by the mean over the area of old pixels that a new pixel covers, rounded to the
   * nearest value.
   *
   * @param height the new height in pixels, at least 1
   * @param width the new width in pixels, at least 1
   */
  record Area(int height, int width) implements Resize {
    /**
     * Checks the size.
     *
     * @param height the new height in pixels, at least 1
     * @param width the new width in pixels, at least 1
     * @throws IllegalArgumentException if a side is below 1
     */
    public Area {
      if (height < 1 || width < 1) {
        throw new IllegalArgumentException(
            "size must be at least 1x1: %dx%d".formatted(height, width));
      }
    }

    @Override
    public Image of(Image image) {
      ImageShape shape = new ImageShape(height, width, image.shape().colours());
      Cover[] rows = Cover.of(image.shape().height(), height);
      Cover[] columns = Cover.of(image.shape().width(), width);
      byte[] values = new byte[shape.size()];
      for (int i = 0; i < values.length; i++) {
        int pixel = i / shape.colours();
        double mean = mean(image, rows[pixel / width], columns[pixel % width], i % shape.colours());
        values[i] = (byte) Math.rint(mean);
      }
      return new Image(shape, values);
    }

    private static double mean(Image image, Cover rows, Cover columns, int colour) {
      double sum = 0;
      for (int r = 0; r < rows.weights.length; r++) {
        for (int c = 0; c < columns.weights.length; c++) {
          int value = image.value(rows.first + r, columns.first + c, colour);
          sum += rows.weights[r] * columns.weights[c] * value;
        }
      }
      return sum;
    }
  }

  /**
   * Cropping to the largest square around the centre, offsets rounded down, then resizing by area
   * (spec, Section 7.4).
   *
   * @param side the new side in pixels, at least 1
   */
  record CentralSquare(int side) implements Resize {
    /**
     * Checks the size.
     *
     * @param side the new side in pixels, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public CentralSquare {
      require(side >= 1, "side must be at least 1", side);
    }

    @Override
    public Image of(Image image) {
      ImageShape shape = image.shape();
      int length = Math.min(shape.height(), shape.width());
      ImageShape square = new ImageShape(length, length, shape.colours());
      int top = (shape.height() - length) / 2;
      int left = (shape.width() - length) / 2;
      byte[] values = new byte[square.size()];
      for (int row = 0; row < length; row++) {
        int from = ((top + row) * shape.width() + left) * shape.colours();
        int count = length * shape.colours();
        System.arraycopy(image.values(), from, values, row * count, count);
      }
      return new Area(side, side).of(new Image(square, values));
    }
  }

  /**
   * The old pixels of a row or column that a new one covers.
   *
   * @param first the first pixel that is covered
   * @param weights their shares of the new pixel, whose sum is 1
   */
  record Cover(int first, double[] weights) {
    static Cover[] of(int from, int to) {
      Cover[] covers = new Cover[to];
      double step = (double) from / to;
      for (int i = 0; i < to; i++) {
        double start = i * step;
        double end = (i + 1) * step;
        int first = (int) Math.floor(start);
        int last = Math.min(from - 1, (int) Math.ceil(end) - 1);
        double[] weights = new double[last - first + 1];
        for (int k = 0; k < weights.length; k++) {
          double shared = Math.min(end, first + k + 1) - Math.max(start, first + k);
          weights[k] = shared / step;
        }
        covers[i] = new Cover(first, weights);
      }
      return covers;
    }
  }
}
