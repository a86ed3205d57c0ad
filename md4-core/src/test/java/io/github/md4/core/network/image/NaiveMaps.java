// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import io.github.md4.core.network.NaiveAttention;
import java.util.Map;

/**
 * The pieces of the convolutional networks of spec, Sections 5.5 and 5.6, in plain double loops.
 *
 * <p>A map is {@code [channel][row][column]}; filters are {@code [out][row][column][in]}, flat; a
 * product's weight is {@code [out][in]}, flat.
 */
final class NaiveMaps {
  private static final int GROUPS = 32;
  private static final double EPSILON = 1e-6;

  private final Map<String, float[]> parameters;
  private final double[] condition;

  /**
   * @param condition of the network, or empty
   */
  NaiveMaps(Map<String, float[]> parameters, double... condition) {
    this.parameters = parameters;
    this.condition = condition;
  }

  static double[][][] map(int channels, int height, int width) {
    return new double[channels][height][width];
  }

  /** Returns a convolution of the same size; outside of the map is zero. */
  double[][][] convolution(String name, double[][][] x) {
    float[] filters = parameters.get(name + ".weight");
    float[] bias = parameters.get(name + ".bias");
    int side = (int) Math.round(Math.sqrt(filters.length / (double) (bias.length * x.length)));
    double[][][] y = map(bias.length, x[0].length, x[0][0].length);
    for (int o = 0; o < y.length; o++) {
      for (int row = 0; row < y[o].length; row++) {
        for (int column = 0; column < y[o][row].length; column++) {
          double sum = bias[o];
          for (int dy = 0; dy < side; dy++) {
            for (int dx = 0; dx < side; dx++) {
              int at = ((o * side + dy) * side + dx) * x.length;
              sum += inner(filters, at, x, row + dy - side / 2, column + dx - side / 2);
            }
          }
          y[o][row][column] = sum;
        }
      }
    }
    return y;
  }

  private static double inner(float[] filters, int at, double[][][] x, int row, int column) {
    if (row < 0 || row >= x[0].length || column < 0 || column >= x[0][0].length) {
      return 0;
    }
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += filters[at + i] * x[i][row][column];
    }
    return sum;
  }

  /** Returns the group normalisation; scale and shift are learned, or products of the condition. */
  double[][][] norm(String name, double[][][] x) {
    double[] scale = new double[x.length];
    double[] shift = new double[x.length];
    double[] modulation =
        parameters.containsKey(name + ".modulation.weight")
            ? linear(name + ".modulation", condition)
            : new double[0];
    for (int c = 0; c < x.length; c++) {
      scale[c] = modulation.length > 0 ? 1 + modulation[c] : parameters.get(name + ".weight")[c];
      shift[c] =
          modulation.length > 0 ? modulation[x.length + c] : parameters.get(name + ".bias")[c];
    }
    double[][][] y = map(x.length, x[0].length, x[0][0].length);
    int ofGroup = x.length / GROUPS;
    for (int first = 0; first < x.length; first += ofGroup) {
      double mean = moment(x, first, ofGroup, 1, 0);
      double deviation = Math.sqrt(moment(x, first, ofGroup, 2, mean) + EPSILON);
      for (int c = first; c < first + ofGroup; c++) {
        for (int row = 0; row < x[c].length; row++) {
          for (int column = 0; column < x[c][row].length; column++) {
            y[c][row][column] = (x[c][row][column] - mean) / deviation * scale[c] + shift[c];
          }
        }
      }
    }
    return y;
  }

  /** Returns the mean of {@code (x - centre)^power} over a group of channels. */
  private static double moment(double[][][] x, int first, int count, int power, double centre) {
    double sum = 0;
    for (int c = first; c < first + count; c++) {
      for (double[] row : x[c]) {
        for (double value : row) {
          sum += Math.pow(value - centre, power);
        }
      }
    }
    return sum / (count * x[0].length * x[0][0].length);
  }

  static double[][][] swish(double[][][] x) {
    double[][][] y = map(x.length, x[0].length, x[0][0].length);
    for (int c = 0; c < x.length; c++) {
      for (int row = 0; row < x[c].length; row++) {
        for (int column = 0; column < x[c][row].length; column++) {
          y[c][row][column] = x[c][row][column] / (1 + Math.exp(-x[c][row][column]));
        }
      }
    }
    return y;
  }

  /** Returns a ResBlock, the branches resampled before the first convolution. */
  double[][][] block(String name, double[][][] x, Resampling resampling) {
    double[][][] a = resampled(swish(norm(name + ".norm1", x)), resampling);
    double[][][] h = convolution(name + ".conv1", a);
    if (parameters.containsKey(name + ".condition.weight")) {
      double[] bias = product(name + ".condition.weight", condition);
      for (int c = 0; c < h.length; c++) {
        for (double[] row : h[c]) {
          for (int column = 0; column < row.length; column++) {
            row[column] += bias[c];
          }
        }
      }
    }
    double[][][] branch = convolution(name + ".conv2", swish(norm(name + ".norm2", h)));
    double[][][] around = resampled(x, resampling);
    if (parameters.containsKey(name + ".shortcut.weight")) {
      around = convolution(name + ".shortcut", around); // one pixel wide
    }
    return sum(around, branch);
  }

  private static double[][][] resampled(double[][][] x, Resampling resampling) {
    return switch (resampling) {
      case NONE -> x;
      case HALVED -> halved(x);
      case DOUBLED -> doubled(x);
    };
  }

  private static double[][][] halved(double[][][] x) {
    double[][][] y = map(x.length, x[0].length / 2, x[0][0].length / 2);
    for (int c = 0; c < x.length; c++) {
      for (int row = 0; row < x[c].length; row++) {
        for (int column = 0; column < x[c][row].length; column++) {
          y[c][row / 2][column / 2] += x[c][row][column] / 4;
        }
      }
    }
    return y;
  }

  private static double[][][] doubled(double[][][] x) {
    double[][][] y = map(x.length, x[0].length * 2, x[0][0].length * 2);
    for (int c = 0; c < y.length; c++) {
      for (int row = 0; row < y[c].length; row++) {
        for (int column = 0; column < y[c][row].length; column++) {
          y[c][row][column] = x[c][row / 2][column / 2];
        }
      }
    }
    return y;
  }

  static double[][][] sum(double[][][] x, double[][][] y) {
    double[][][] sum = map(x.length, x[0].length, x[0][0].length);
    for (int c = 0; c < x.length; c++) {
      for (int row = 0; row < x[c].length; row++) {
        for (int column = 0; column < x[c][row].length; column++) {
          sum[c][row][column] = x[c][row][column] + y[c][row][column];
        }
      }
    }
    return sum;
  }

  static double[][][] joined(double[][][] x, double[][][] skip) {
    double[][][] both = new double[x.length + skip.length][][];
    System.arraycopy(x, 0, both, 0, x.length);
    System.arraycopy(skip, 0, both, x.length, skip.length);
    return both;
  }

  /** Returns attention with one head as wide as the map. */
  double[][][] attended(String name, double[][][] x) {
    double[][] tokens = pixels(norm(name + ".norm", x));
    double[][] out = new double[tokens.length][];
    NaiveAttention attention = new NaiveAttention(1, x.length);
    double[][] mixed = attention.of(each(tokens, t -> linear(name + ".qkv", t)));
    for (int n = 0; n < tokens.length; n++) {
      out[n] = linear(name + ".out", mixed[n]);
    }
    return sum(x, fromPixels(out, x[0].length, x[0][0].length));
  }

  /** Returns the pixels row by row, each with its channels. */
  static double[][] pixels(double[][][] x) {
    double[][] pixels = new double[x[0].length * x[0][0].length][x.length];
    for (int n = 0; n < pixels.length; n++) {
      for (int c = 0; c < x.length; c++) {
        pixels[n][c] = x[c][n / x[0][0].length][n % x[0][0].length];
      }
    }
    return pixels;
  }

  static double[][][] fromPixels(double[][] pixels, int height, int width) {
    double[][][] x = map(pixels[0].length, height, width);
    for (int n = 0; n < pixels.length; n++) {
      for (int c = 0; c < x.length; c++) {
        x[c][n / width][n % width] = pixels[n][c];
      }
    }
    return x;
  }

  /** A function of one token. */
  interface OfToken {
    double[] of(double[] token);
  }

  static double[][] each(double[][] tokens, OfToken f) {
    double[][] all = new double[tokens.length][];
    for (int n = 0; n < tokens.length; n++) {
      all[n] = f.of(tokens[n]);
    }
    return all;
  }

  double[] linear(String name, double[] x) {
    double[] y = product(name + ".weight", x);
    for (int o = 0; o < y.length; o++) {
      y[o] += parameters.get(name + ".bias")[o];
    }
    return y;
  }

  double[] product(String weight, double[] x) {
    float[] w = parameters.get(weight);
    double[] y = new double[w.length / x.length];
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += w[o * x.length + i] * x[i];
      }
    }
    return y;
  }
}
