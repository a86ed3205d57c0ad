// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.stream.IntStream;

/** Attention and its backward in plain loops, with the dropout of {@code attention.cu}. */
final class NaiveAttention {
  private static final double THETA = 10_000;

  private final Shape shape;
  private final int width;
  private final boolean isCausal;
  private final long threshold;
  private final int seed;
  private double[] output;
  private double[] gradients;

  /** B examples of length L, H heads of queries and K of keys and values. */
  record Shape(int examples, int length, int heads, int keyValueHeads) {
    int columns() {
      return heads + 2 * keyValueHeads;
    }

    int qkvSize(int width) {
      return examples * length * columns() * width;
    }

    int outputSize(int width) {
      return examples * length * heads * width;
    }
  }

  NaiveAttention(Shape shape, int width, boolean isCausal, double dropout, int seed) {
    this.shape = shape;
    this.width = width;
    this.isCausal = isCausal;
    this.threshold = NaiveDropout.threshold(dropout);
    this.seed = seed;
  }

  /** Returns this after computing output and gradients. */
  NaiveAttention of(float[] qkv, float[] gradient) {
    return of(qkv, gradient, IntStream.range(0, shape.examples * shape.length).toArray());
  }

  /**
   * As the other method, with the queries of some positions alone. Their dropout follows from their
   * number among those of their example.
   *
   * @param rows flat positions in ascending order
   */
  NaiveAttention of(float[] qkv, float[] gradient, int[] rows) {
    output = new double[shape.outputSize(width)];
    gradients = new double[qkv.length];
    int group = shape.heads / shape.keyValueHeads; // heads that add to the same gradients
    IntStream.range(0, shape.examples * shape.keyValueHeads)
        .parallel()
        .forEach(
            pair -> {
              int example = pair / shape.keyValueHeads;
              int first = pair % shape.keyValueHeads * group;
              for (int head = first; head < first + group; head++) {
                new Head(qkv, gradient, example, head).compute(ofExample(rows, example));
              }
            });
    IntStream.range(0, shape.examples).parallel().forEach(this::turnBack);
    return this;
  }

  /** Returns the positions in an example. */
  private int[] ofExample(int[] rows, int example) {
    return IntStream.of(rows)
        .filter(row -> row / shape.length == example)
        .map(row -> row % shape.length)
        .toArray();
  }

  double[] output() {
    return output;
  }

  /** Returns the gradients by queries, keys and values before their rotation. */
  double[] gradients() {
    return gradients;
  }

  static NDList rotary(NDManager manager, int length, int width) {
    int half = width / 2;
    float[] cosines = new float[length * half];
    float[] sines = new float[length * half];
    for (int i = 0; i < cosines.length; i++) {
      cosines[i] = (float) Math.cos(angle(i / half, i % half, width));
      sines[i] = (float) Math.sin(angle(i / half, i % half, width));
    }
    ai.djl.ndarray.types.Shape table = new ai.djl.ndarray.types.Shape(length, 1, half);
    return new NDList(manager.create(cosines, table), manager.create(sines, table));
  }

  /** Returns the angle of a pair of channels at a position. */
  static double angle(int position, int pair, int width) {
    return position * Math.pow(THETA, -2.0 * pair / width);
  }

  /** A head of queries of an example. */
  private final class Head {
    private final float[] qkv;
    private final float[] gradient;
    private final int example;
    private final int head;
    private final int keyHead;
    private final NaiveDropout dropout;

    Head(float[] qkv, float[] gradient, int example, int head) {
      this.qkv = qkv;
      this.gradient = gradient;
      this.example = example;
      this.head = head;
      this.keyHead = head * shape.keyValueHeads / shape.heads;
      this.dropout = new NaiveDropout(seed, example * shape.heads + head, threshold);
    }

    private int query(int position) {
      return at(position, head);
    }

    private int key(int position) {
      return at(position, shape.heads + keyHead);
    }

    private int value(int position) {
      return at(position, shape.heads + shape.keyValueHeads + keyHead);
    }

    private int at(int position, int column) {
      return ((example * shape.length + position) * shape.columns() + column) * width;
    }

    private int out(int position) {
      return ((example * shape.length + position) * shape.heads + head) * width;
    }

    void compute(int[] queries) {
      for (int i = 0; i < queries.length; i++) {
        row(queries[i], i, isCausal ? queries[i] + 1 : shape.length);
      }
    }

    /** Computes the row of the query with a number; it sees the first {@code keys} keys. */
    private void row(int q, int number, int keys) {
      double[] p = probabilities(q, keys);
      double[] factor = new double[keys];
      double[] dp = new double[keys];
      double delta = 0;
      for (int k = 0; k < keys; k++) {
        factor[k] = dropout.isKept(number, k) ? 1 / (1 - threshold * 0x1p-32) : 0;
        for (int w = 0; w < width; w++) {
          output[out(q) + w] += factor[k] * p[k] * qkv[value(k) + w];
          gradients[value(k) + w] += factor[k] * p[k] * gradient[out(q) + w];
          dp[k] += factor[k] * gradient[out(q) + w] * qkv[value(k) + w];
        }
        delta += p[k] * dp[k];
      }
      for (int k = 0; k < keys; k++) {
        double ds = p[k] * (dp[k] - delta) / Math.sqrt(width);
        for (int w = 0; w < width; w++) {
          gradients[query(q) + w] += ds * qkv[key(k) + w];
          gradients[key(k) + w] += ds * qkv[query(q) + w];
        }
      }
    }

    private double[] probabilities(int q, int keys) {
      double[] p = new double[keys];
      double most = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < keys; k++) {
        double product = 0;
        for (int w = 0; w < width; w++) {
          product += (double) qkv[query(q) + w] * qkv[key(k) + w];
        }
        p[k] = product / Math.sqrt(width);
        most = Math.max(most, p[k]);
      }
      double sum = 0;
      for (int k = 0; k < keys; k++) {
        p[k] = Math.exp(p[k] - most);
        sum += p[k];
      }
      for (int k = 0; k < keys; k++) {
        p[k] /= sum;
      }
      return p;
    }
  }

  /**
   * Turns the gradients by queries and keys of an example back by the angles of their positions.
   */
  private void turnBack(int example) {
    for (int position = 0; position < shape.length; position++) {
      int row = (example * shape.length + position) * shape.columns() * width;
      for (int i = 0; i < (shape.heads + shape.keyValueHeads) * width; i += 2) {
        double angle = angle(position, i % width / 2, width);
        double even = gradients[row + i];
        double odd = gradients[row + i + 1];
        gradients[row + i] = even * Math.cos(angle) + odd * Math.sin(angle);
        gradients[row + i + 1] = odd * Math.cos(angle) - even * Math.sin(angle);
      }
    }
  }
}
