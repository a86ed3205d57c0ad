// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import io.github.md4.core.Activation;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.Arrays;
import java.util.Map;

/**
 * The transformer of spec, Sections 5.1 to 5.3, for one example, in plain double loops.
 *
 * <p>A hidden state is [L][D]; a product's weight is [out][in], flat.
 */
final class NaiveTransformer {
  private static final double EPSILON = 1e-5;

  private final TransformerConfig config;
  private final int vocabularySize;
  private final Map<String, float[]> parameters;

  NaiveTransformer(TransformerConfig config, int vocabularySize, Map<String, float[]> parameters) {
    this.config = config;
    this.vocabularySize = vocabularySize;
    this.parameters = parameters;
  }

  /**
   * Returns dropout's factors: {@code [layer][branch][channel]}, the same at all positions.
   *
   * @param of the flat mask of one example, 1 where a channel stays
   */
  static double[][][] factors(TransformerConfig config, byte[] of, double rate) {
    double[][][] factors = new double[config.layers()][2][config.width()];
    for (int i = 0; i < of.length; i++) {
      int channel = i % config.width();
      int branch = i / config.width() % 2;
      factors[i / config.width() / 2][branch][channel] = of[i] / (1 - rate);
    }
    return factors;
  }

  /** Returns the factors without dropout. */
  static double[][][] none(TransformerConfig config) {
    byte[] ones = new byte[config.layers() * 2 * config.width()];
    Arrays.fill(ones, (byte) 1);
    return factors(config, ones, 0);
  }

  /** Returns [L][V]; label is ignored where there are no classes. */
  double[][] logits(int[] zt, double t, int label, double[][][] factors) {
    double[] c = config.isConditional() ? activated(condition(t, label)) : new double[0];
    double[][] h = embed(zt);
    for (int layer = 0; layer < config.layers(); layer++) {
      String name = "layers." + layer + ".";
      double[][] m = modulation(name, c, 6);
      double[][] a = normalised(h, name + "attention.norm.weight", m[0], m[1]);
      add(h, attention(name + "attention.", a), m[2], factors[layer][0]);
      double[][] f = normalised(h, name + "feedForward.norm.weight", m[3], m[4]);
      add(h, feedForward(name + "feedForward.", f), m[5], factors[layer][1]);
    }
    double[][] m = modulation("head.", c, 2);
    return product("head.weight", normalised(h, "head.norm.weight", m[0], m[1]), vocabularySize);
  }

  private double[] condition(double t, int label) {
    double[] ofClass = new double[0];
    if (config.classes() > 0) {
      ofClass = row("condition.classes.weight", label, config.headWidth());
    }
    if (config.timeFeatures() == TimeFeatures.NONE) {
      return ofClass;
    }
    double[] features = concatenated(timeFeatures(t), ofClass);
    double[] hidden = linear("condition.dense1", features, 4 * config.headWidth());
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] *= sigmoid(hidden[i]);
    }
    return linear("condition.dense2", hidden, config.headWidth());
  }

  private double[] timeFeatures(double t) {
    int half = config.headWidth() / 2;
    double[] features = new double[config.headWidth()];
    for (int k = 0; k < half; k++) {
      double angle = 1000 * t * Math.pow(10_000, -(double) k / (half - 1));
      features[k] = Math.sin(angle);
      features[half + k] = Math.cos(angle);
    }
    return features;
  }

  private double[][] embed(int[] zt) {
    double[][] h = new double[zt.length][];
    for (int n = 0; n < zt.length; n++) {
      boolean isInside = config.embedding() == Embedding.INSIDE;
      int width = isInside ? config.width() : config.headWidth();
      double[] row = row("embedding.weight", zt[n], width);
      h[n] = isInside ? row : linear("embedding.projection", row, config.width());
    }
    return h;
  }

  /** Vectors of width D; without a condition shift and scale are not used and gates are 1. */
  private double[][] modulation(String name, double[] c, int vectors) {
    double[][] m = new double[vectors][config.width()];
    if (!config.isConditional()) {
      for (double[] vector : m) {
        Arrays.fill(vector, 1);
      }
      return m;
    }
    double[] flat = linear(name + "modulation", c, vectors * config.width());
    for (int i = 0; i < flat.length; i++) {
      m[i / config.width()][i % config.width()] = flat[i];
    }
    return m;
  }

  private double[][] normalised(double[][] h, String norm, double[] shift, double[] scale) {
    double[][] a = new double[h.length][config.width()];
    for (int n = 0; n < h.length; n++) {
      double mean = config.isConditional() ? mean(h[n], 0) : 0;
      double deviation = Math.sqrt(mean(h[n], 2, mean) + EPSILON);
      for (int d = 0; d < config.width(); d++) {
        double x = (h[n][d] - mean) / deviation;
        a[n][d] =
            config.isConditional() ? x * (1 + scale[d]) + shift[d] : x * parameters.get(norm)[d];
      }
    }
    return a;
  }

  private static double mean(double[] x, double centre) {
    return mean(x, 1, centre);
  }

  /** Returns the mean of {@code (x - centre)^power}. */
  private static double mean(double[] x, int power, double centre) {
    double sum = 0;
    for (double value : x) {
      sum += Math.pow(value - centre, power);
    }
    return sum / x.length;
  }

  private static void add(double[][] h, double[][] y, double[] gate, double[] factor) {
    for (int n = 0; n < h.length; n++) {
      for (int d = 0; d < gate.length; d++) {
        h[n][d] += gate[d] * factor[d] * y[n][d];
      }
    }
  }

  private double[][] attention(String name, double[][] a) {
    int w = config.headWidth();
    int queries = config.heads();
    int shared = queries / config.keyValueHeads();
    double[][] qkv = product(name + "qkv.weight", a, (queries + 2 * config.keyValueHeads()) * w);
    for (int n = 0; n < a.length; n++) {
      for (int head = 0; head < queries + config.keyValueHeads(); head++) {
        rotate(qkv[n], head * w, n);
      }
    }
    double[][] mixed = new double[a.length][queries * w];
    for (int head = 0; head < queries; head++) {
      int key = (queries + head / shared) * w;
      int value = key + config.keyValueHeads() * w;
      for (int n = 0; n < a.length; n++) {
        double[] weights = weights(qkv, n, head * w, key);
        for (int other = 0; other < weights.length; other++) {
          for (int i = 0; i < w; i++) {
            mixed[n][head * w + i] += weights[other] * qkv[other][value + i];
          }
        }
      }
    }
    return product(name + "out.weight", mixed, config.width());
  }

  /** Turns the pairs (2j, 2j + 1) of a head by the angle {@code position * 10000^(-2j / W)}. */
  private void rotate(double[] x, int head, int position) {
    for (int j = 0; j < config.headWidth() / 2; j++) {
      double angle = position * Math.pow(10_000, -2.0 * j / config.headWidth());
      double even = x[head + 2 * j];
      double odd = x[head + 2 * j + 1];
      x[head + 2 * j] = even * Math.cos(angle) - odd * Math.sin(angle);
      x[head + 2 * j + 1] = even * Math.sin(angle) + odd * Math.cos(angle);
    }
  }

  private double[] weights(double[][] qkv, int position, int query, int key) {
    double[] weights = new double[config.causal() ? position + 1 : qkv.length];
    double sum = 0;
    for (int other = 0; other < weights.length; other++) {
      double score = 0;
      for (int i = 0; i < config.headWidth(); i++) {
        score += qkv[position][query + i] * qkv[other][key + i];
      }
      weights[other] = Math.exp(score / Math.sqrt(config.headWidth()));
      sum += weights[other];
    }
    for (int other = 0; other < weights.length; other++) {
      weights[other] /= sum;
    }
    return weights;
  }

  private double[][] feedForward(String name, double[][] a) {
    int hidden = config.hiddenWidth();
    double[][] u = product(name + "in.weight", a, 2 * hidden);
    double[][] gated = new double[a.length][hidden];
    for (int n = 0; n < a.length; n++) {
      for (int f = 0; f < hidden; f++) {
        gated[n][f] = u[n][f] * activated(u[n][hidden + f]);
      }
    }
    return product(name + "out.weight", gated, config.width());
  }

  private double[] activated(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = activated(x[i]);
    }
    return y;
  }

  private double activated(double x) {
    if (config.activation() == Activation.GLU) {
      return sigmoid(x);
    } else if (config.activation() == Activation.SWIGLU) {
      return x * sigmoid(x);
    }
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private double[][] product(String weight, double[][] x, int out) {
    double[][] y = new double[x.length][];
    for (int n = 0; n < x.length; n++) {
      y[n] = product(weight, x[n], out);
    }
    return y;
  }

  private double[] product(String weight, double[] x, int out) {
    float[] w = parameters.get(weight);
    double[] y = new double[out];
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < x.length; i++) {
        y[o] += w[o * x.length + i] * x[i];
      }
    }
    return y;
  }

  private double[] linear(String name, double[] x, int out) {
    double[] y = product(name + ".weight", x, out);
    for (int o = 0; o < out; o++) {
      y[o] += parameters.get(name + ".bias")[o];
    }
    return y;
  }

  private double[] row(String table, int index, int width) {
    double[] row = new double[width];
    for (int i = 0; i < width; i++) {
      row[i] = parameters.get(table)[index * width + i];
    }
    return row;
  }

  private static double[] concatenated(double[] first, double[] second) {
    double[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
