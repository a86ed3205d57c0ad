// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.core.Decimals;

/** The treatment of gradients that are too large. Of several processes it sees the sum. */
public sealed interface GradientClip {

  /**
   * Bounds the gradients, in place.
   *
   * @param gradients the gradients of the step, changed in place
   */
  void apply(Gradients gradients);

  /** The gradients of a step over all parameters, which can be bounded in place. */
  interface Gradients {
    /**
     * Scales all of them together so that their Euclidean norm is at most a bound.
     *
     * @param bound the bound, in the unit of the gradients, above 0
     */
    void clipByNorm(double bound);

    /**
     * Moves each element into [-bound, bound].
     *
     * @param bound the bound, in the unit of the gradients, above 0
     */
    void clipByValue(double bound);
  }

  /**
   * {@return the choice written as {@code none}, {@code norm(c)} or {@code value(c)}}
   *
   * @param text the text, as configs hold it; c is a number above 0
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
      return Decimals.parse(number);
    } catch (NumberFormatException e) {
      throw unknown(text);
    }
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException(
        "clip must be none, norm(c) or value(c) for a number c, as norm(1): " + text);
  }

  /** No bound, as in all of the paper's runs. */
  record None() implements GradientClip {
    @Override
    public void apply(Gradients gradients) {}

    @Override
    public String toString() {
      return "none";
    }
  }

  /**
   * A bound on the Euclidean norm of all gradients together, which are scaled down to it where they
   * exceed it (Pascanu, Mikolov and Bengio, arXiv 1211.5063, Section 3.2).
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

    @Override
    public void apply(Gradients gradients) {
      gradients.clipByNorm(bound);
    }

    @Override
    public String toString() {
      return "norm(" + bound + ")";
    }
  }

  /**
   * A bound on each element, which is moved into [-bound, bound], as by the reference's unused clip
   * (spec, Section 8).
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

    @Override
    public void apply(Gradients gradients) {
      gradients.clipByValue(bound);
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
    Decimals.requireApart("a gradient's bound", bound, 0);
  }
}
