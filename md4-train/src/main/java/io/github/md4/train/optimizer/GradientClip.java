// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;

/** The treatment of gradients that are too large. */
public sealed interface GradientClip {

  /**
   * Bounds the gradients, in place.
   *
   * @param kernels the kernels of the gradients' device
   * @param gradients the gradients of the step
   * @hidden its types are internal
   */
  void apply(OptimizerKernels kernels, FlatArrays gradients);

  /**
   * {@return the choice written as {@code none}, {@code norm(c)} or {@code value(c)}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text, or a c that is not positive
   */
  static GradientClip parse(String text) {
    if (text.equals("none")) {
      return new None();
    }
    int open = text.indexOf('(');
    if (open < 0 || !text.endsWith(")")) {
      throw unknown(text);
    }
    double bound = bound(text.substring(open + 1, text.length() - 1), text);
    return switch (text.substring(0, open)) {
      case "norm" -> new Norm(bound);
      case "value" -> new Value(bound);
      default -> throw unknown(text);
    };
  }

  private static double bound(String number, String text) {
    try {
      return Double.parseDouble(number);
    } catch (NumberFormatException e) {
      throw unknown(text);
    }
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException(
        "clip must be none, norm(c) or value(c) for a number c, as norm(1): " + text);
  }

  /** Nothing, as all of the paper's runs. */
  record None() implements GradientClip {
    /**
     * {@inheritDoc}
     *
     * @hidden its types are internal
     */
    @Override
    public void apply(OptimizerKernels kernels, FlatArrays gradients) {}

    @Override
    public String toString() {
      return "none";
    }
  }

  /**
   * All together are scaled to that Euclidean norm where they exceed it.
   *
   * @param bound c, in the unit of the gradients, above 0
   */
  record Norm(double bound) implements GradientClip {
    /**
     * Checks the bound.
     *
     * @param bound c, in the unit of the gradients, above 0
     * @throws IllegalArgumentException if {@code bound} is not above 0
     */
    public Norm {
      check(bound);
    }

    /**
     * {@inheritDoc}
     *
     * @hidden its types are internal
     */
    @Override
    public void apply(OptimizerKernels kernels, FlatArrays gradients) {
      kernels.clipByNorm(gradients, bound);
    }

    @Override
    public String toString() {
      return "norm(" + bound + ")";
    }
  }

  /**
   * Each element is moved into [-bound, bound], as the reference's (unused) clip.
   *
   * @param bound c, in the unit of the gradients, above 0
   */
  record Value(double bound) implements GradientClip {
    /**
     * Checks the bound.
     *
     * @param bound c, in the unit of the gradients, above 0
     * @throws IllegalArgumentException if {@code bound} is not above 0
     */
    public Value {
      check(bound);
    }

    /**
     * {@inheritDoc}
     *
     * @hidden its types are internal
     */
    @Override
    public void apply(OptimizerKernels kernels, FlatArrays gradients) {
      kernels.clipByValue(gradients, bound);
    }

    @Override
    public String toString() {
      return "value(" + bound + ")";
    }
  }

  private static void check(double bound) {
    if (!(bound > 0)) {
      throw new IllegalArgumentException("a gradient's bound must be positive: " + bound);
    }
  }
}
