// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import io.github.md4.core.network.NaiveAttention;
import java.util.Map;

/** The transformer over patches of spec, Section 5.6, in plain double loops; tokens are [T][D]. */
final class NaiveDit {
  private static final double EPSILON = 1e-6;

  private final DitShape shape;
  private final String name;
  private final Map<String, float[]> parameters;
  private final NaiveMaps maps;
  private final double[] activated;

  /**
   * @param name what its parameters' names begin with
   * @param condition of the network, or empty
   */
  NaiveDit(DitShape shape, String name, Map<String, float[]> parameters, double... condition) {
    this.shape = shape;
    this.name = name;
    this.parameters = parameters;
    this.maps = new NaiveMaps(parameters);
    this.activated = condition.clone();
    for (int i = 0; i < activated.length; i++) {
      activated[i] /= 1 + Math.exp(-activated[i]);
    }
  }

  /** Returns as many rows and columns as x has, with as many channels as it ends in. */
  double[][][] of(double[][][] x) {
    int height = x[0].length;
    int width = x[0][0].length;
    int patch = shape.patch();
    double[][] h = new double[height / patch * (width / patch)][];
    for (int token = 0; token < h.length; token++) {
      h[token] = maps.linear(name + "patches", cut(x, token));
      for (int d = 0; d < shape.width(); d++) {
        h[token][d] += parameters.get(name + "positions.weight")[token * shape.width() + d];
      }
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      block(name + "layers." + layer, h);
    }
    double[] m = modulation(name + "out");
    double[][] out =
        NaiveMaps.each(h, t -> maps.linear(name + "out", norm(name + "out.norm", t, m, 0)));
    return put(out, height, width);
  }

  private double[] cut(double[][][] x, int token) {
    int patch = shape.patch();
    int columns = x[0][0].length / patch;
    double[] values = new double[patch * patch * x.length];
    for (int i = 0; i < values.length; i++) {
      int pixel = i / x.length;
      int row = token / columns * patch + pixel / patch;
      values[i] = x[i % x.length][row][token % columns * patch + pixel % patch];
    }
    return values;
  }

  private double[][][] put(double[][] tokens, int height, int width) {
    int patch = shape.patch();
    int columns = width / patch;
    int channels = tokens[0].length / (patch * patch);
    double[][][] x = NaiveMaps.map(channels, height, width);
    for (int c = 0; c < channels; c++) {
      for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
          int pixel = row % patch * patch + column % patch;
          x[c][row][column] = tokens[row / patch * columns + column / patch][pixel * channels + c];
        }
      }
    }
    return x;
  }

  private void block(String layer, double[][] h) {
    double[] m = modulation(layer);
    double[][] a = NaiveMaps.each(h, t -> norm(layer + ".attention.norm", t, m, 0));
    double[][] qkv = NaiveMaps.each(a, t -> maps.linear(layer + ".attention.qkv", t));
    double[][] mixed = new NaiveAttention(shape.heads(), shape.width()).of(qkv);
    add(h, NaiveMaps.each(mixed, t -> maps.product(layer + ".attention.out.weight", t)), m, 2);
    double[][] f = NaiveMaps.each(h, t -> norm(layer + ".feedForward.norm", t, m, 3));
    add(h, NaiveMaps.each(f, t -> feedForward(layer, t)), m, 5);
  }

  private double[] feedForward(String layer, double[] token) {
    double[] hidden = maps.linear(layer + ".feedForward.in", token);
    for (int i = 0; i < hidden.length; i++) {
      double x = hidden[i];
      double inside = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
      hidden[i] = 0.5 * x * (1 + Math.tanh(inside));
    }
    return maps.linear(layer + ".feedForward.out", hidden);
  }

  /** Returns the vectors of a block, one after another, or nothing. */
  private double[] modulation(String layer) {
    return activated.length > 0 ? maps.linear(layer + ".modulation", activated) : new double[0];
  }

  /**
   * Returns the normalised token, with the shift at {@code vector} and the scale after it, or
   * RMSNorm.
   */
  private double[] norm(String scale, double[] token, double[] m, int vector) {
    boolean isTold = m.length > 0;
    double mean = isTold ? moment(token, 1, 0) : 0;
    double deviation = Math.sqrt(moment(token, 2, mean) + EPSILON);
    double[] y = new double[token.length];
    for (int d = 0; d < y.length; d++) {
      double x = (token[d] - mean) / deviation;
      int at = vector * y.length + d;
      y[d] = isTold ? x * (1 + m[at + y.length]) + m[at] : x * parameters.get(scale + ".weight")[d];
    }
    return y;
  }

  private static double moment(double[] x, int power, double centre) {
    double sum = 0;
    for (double value : x) {
      sum += Math.pow(value - centre, power);
    }
    return sum / x.length;
  }

  /** Adds a branch, gated by the vector at {@code gate}. */
  private static void add(double[][] h, double[][] branch, double[] m, int gate) {
    for (int n = 0; n < h.length; n++) {
      for (int d = 0; d < h[n].length; d++) {
        h[n][d] += (m.length > 0 ? m[gate * h[n].length + d] : 1) * branch[n][d];
      }
    }
  }
}
