// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.torch.GaussianKernels.Gradients;
import io.github.md4.core.internal.torch.GaussianKernels.Vectors;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GaussianKernelsTest {
  private static final int V = 5;
  private static final int D = 3;

  /** The inputs of the outputs in float64, by row. */
  private static final class Inputs {
    final double[] logits;
    final double[] e;
    final double[] clean;
    final double[] z;
    final double[] evidence;
    final double[] gradient;

    Inputs(int rows) {
      Random random = new Random(4);
      logits = random.doubles((long) rows * V, -1, 1).toArray();
      e = random.doubles((long) V * D, -1, 1).toArray();
      clean = random.doubles((long) rows * D, -1, 1).toArray();
      z = random.doubles((long) rows * D, -1, 1).toArray();
      evidence = random.doubles(rows, 0.2, 1).toArray();
      gradient = random.doubles((long) rows * (V + D + 1), -1, 1).toArray();
    }

    int rows() {
      return evidence.length;
    }

    /** Returns the outputs times their gradient, by plain loops. */
    double loss() {
      double sum = 0;
      for (int r = 0; r < rows(); r++) {
        sum += loss(r);
      }
      return sum;
    }

    private double loss(int r) {
      double[] row = new double[V];
      double whole = 0;
      for (int v = 0; v < V; v++) {
        row[v] = logits[r * V + v];
        for (int d = 0; d < D; d++) {
          row[v] += z[r * D + d] * evidence[r] * e[v * D + d];
        }
        whole += Math.exp(row[v]);
      }
      int at = r * (V + D + 1);
      double sum = 0;
      double distance = 0;
      for (int v = 0; v < V; v++) {
        sum += gradient[at + v] * row[v];
      }
      for (int d = 0; d < D; d++) {
        double guess = 0;
        for (int v = 0; v < V; v++) {
          guess += Math.exp(row[v]) / whole * e[v * D + d];
        }
        sum += gradient[at + V + d] * guess;
        distance += Math.pow(clean[r * D + d] - guess, 2);
      }
      return sum + gradient[at + V + D] * distance;
    }
  }

  private static NDArray floats(NDManager manager, double[] values, int columns) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return manager.create(narrow, new Shape(narrow.length / columns, columns));
  }

  /** 512 rows are multiplied in parts, 300 are not. */
  @ParameterizedTest
  @ValueSource(ints = {512, 300})
  @Tag("exact")
  void outputsBackward_isTheSlopeOfTheOutputs(int rows) {
    Inputs in = new Inputs(rows);
    try (NDManager manager = NDManager.newBaseManager();
        GaussianKernels kernels = new GaussianKernels(manager)) {
      Vectors vectors =
          new Vectors(
              floats(manager, in.e, D), floats(manager, in.clean, D), floats(manager, in.z, D));
      NDArray evidence = floats(manager, in.evidence, 1);
      NDArray outputs = kernels.outputs(manager, floats(manager, in.logits, V), vectors, evidence);
      Gradients found =
          kernels.outputsBackward(
              manager, floats(manager, in.gradient, V + D + 1), outputs, vectors, evidence);
      check(in.logits, found.logits(), in::loss);
      check(in.e, found.vectors().e(), in::loss);
      check(in.clean, found.vectors().clean(), in::loss);
      check(in.z, found.vectors().z(), in::loss);
    }
  }

  /** Compares a gradient with central differences at up to 29 places. */
  private static void check(double[] x, NDArray gradient, Supplier<Double> loss) {
    float[] found = gradient.toFloatArray();
    assertThat(found).hasSize(x.length);
    double h = 1e-5;
    for (int i = 0; i < x.length; i += Math.max(1, x.length / 29)) {
      double before = x[i];
      x[i] = before + h;
      double above = loss.get();
      x[i] = before - h;
      double below = loss.get();
      x[i] = before;
      // float32 sums over all rows: some 1e-6 of their terms' size.
      double expected = (above - below) / (2 * h);
      assertThat((double) found[i]).isCloseTo(expected, within(2e-5 * (1 + Math.abs(expected))));
    }
  }
}
