// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The distribution of a parameter's initial values (spec, Section 5.4). */
public sealed interface Initializer {

  /**
   * Fills {@code values} with independent draws.
   *
   * @param values the elements, row-major, overwritten
   * @param noise the noise of the run's seed
   * @param parameter the parameter's index in its network, at least 0, so that no two parameters
   *     share noise
   */
  void fill(float[] values, Noise noise, int parameter);

  /** All zeros. */
  record Zeros() implements Initializer {
    @Override
    public void fill(float[] values, Noise noise, int parameter) {
      Arrays.fill(values, 0);
    }
  }

  /** All ones. */
  record Ones() implements Initializer {
    @Override
    public void fill(float[] values, Noise noise, int parameter) {
      Arrays.fill(values, 1);
    }
  }

  /**
   * One number throughout.
   *
   * @param value the value of every element
   */
  record Constant(float value) implements Initializer {
    @Override
    public void fill(float[] values, Noise noise, int parameter) {
      Arrays.fill(values, value);
    }
  }

  /**
   * Normal with mean zero.
   *
   * @param deviation the standard deviation, at least 0 and finite
   */
  record Normal(double deviation) implements Initializer {

    /**
     * Checks the deviation.
     *
     * @param deviation the standard deviation, at least 0 and finite
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public Normal {
      require(
          deviation >= 0 && deviation < Double.POSITIVE_INFINITY,
          "a deviation must be at least 0 and finite",
          deviation);
    }

    @Override
    public void fill(float[] values, Noise noise, int parameter) {
      Normals.fill(values, deviation, Double.POSITIVE_INFINITY, i -> stream(noise, parameter, i));
    }
  }

  /**
   * LeCun normal: truncated at two deviations and widened so that the variance is {@code gain /
   * fanIn} all the same (LeCun et al., 1998).
   *
   * @param fanIn the number of channels that go in, at least 1
   * @param gain the factor of the variance, at least 0 and finite
   */
  record LeCunNormal(long fanIn, double gain) implements Initializer {

    /**
     * Checks both.
     *
     * @param fanIn the number of channels that go in, at least 1
     * @param gain the factor of the variance, at least 0 and finite
     * @throws IllegalArgumentException if one is out of its range
     */
    public LeCunNormal {
      require(fanIn >= 1, "fanIn must be at least 1", fanIn);
      require(
          gain >= 0 && gain < Double.POSITIVE_INFINITY,
          "a gain must be at least 0 and finite",
          gain);
    }

    private static final double BOUND = 2;

    /** The deviation of a standard normal truncated at two. */
    private static final double TRUNCATED_DEVIATION = 0.8796256610342398;

    @Override
    public void fill(float[] values, Noise noise, int parameter) {
      double deviation = Math.sqrt(gain / fanIn) / TRUNCATED_DEVIATION;
      Normals.fill(values, deviation, BOUND, i -> stream(noise, parameter, i));
    }
  }

  /**
   * Sines and cosines of the places of a grid, row by row (spec, Section 5.6): half of the width
   * for the column, half for the row, each {@code [sin(i f_k), cos(i f_k)]} with {@code f_k =
   * 10000^(-k / (width / 4))}. Nothing is drawn.
   *
   * @param columns the columns of the grid, at least 1
   * @param width the number of channels, a multiple of 4
   */
  public record Grid(int columns, int width) implements Initializer {

    /**
     * Checks both.
     *
     * @param columns the columns of the grid, at least 1
     * @param width the number of channels, a multiple of 4
     * @throws IllegalArgumentException if one is out of its range
     */
    public Grid {
      require(columns >= 1, "columns must be at least 1", columns);
      require(width >= 4 && width % 4 == 0, "width must be a multiple of 4", width);
    }

    private static final double LONGEST_PERIOD = 10_000;

    @Override
    public void fill(float[] values, Noise noise, int parameter) {
      for (int place = 0; place < values.length / width; place++) {
        fill(values, place * width, place % columns);
        fill(values, place * width + width / 2, place / columns);
      }
    }

    private void fill(float[] values, int at, int index) {
      int frequencies = width / 4;
      for (int k = 0; k < frequencies; k++) {
        double angle = index * Math.pow(LONGEST_PERIOD, -(double) k / frequencies);
        values[at + k] = (float) Math.sin(angle);
        values[at + frequencies + k] = (float) Math.cos(angle);
      }
    }
  }

  private static Normals.Words stream(Noise noise, int parameter, int element) {
    return (block, attempt) ->
        noise.fill(block, Purpose.INITIALIZATION, attempt, parameter, element);
  }

  /** Normal draws whose every element has a stream of its own (Box and Muller, 1958). */
  final class Normals {
    private static final double UNIT = 0x1p-32;
    private static final long WORD = 0xFFFFFFFFL;

    private Normals() {}

    /** Four random words for each attempt. */
    interface Words {
      void fill(int[] block, int attempt);
    }

    /** The random stream of each element. */
    interface Streams {
      public Words of(int element);
    }

    private static void fill(float[] values, double deviation, double bound, Streams streams) {
      IntStream.range(0, values.length)
          .parallel()
          .forEach(i -> values[i] = (float) (deviation * truncated(streams.of(i), bound)));
    }

    /** Returns the first standard normal of the stream within the bound. */
    private static double truncated(Words words, double bound) {
      int[] block = new int[4];
      for (int attempt = 0; ; attempt++) {
        words.fill(block, attempt);
        double radius = Math.sqrt(-2 * Math.log(((block[0] & WORD) + 1) * UNIT));
        double angle = 2 * Math.PI * (block[1] & WORD) * UNIT;
        for (double z : new double[] {radius * Math.cos(angle), radius * Math.sin(angle)}) {
          if (Math.abs(z) <= bound) {
            return z;
          }
        }
      }
    }
  }
}
