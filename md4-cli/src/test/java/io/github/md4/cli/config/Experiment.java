// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import java.nio.file.Path;
import java.util.List;

/** A config with a component of every kind. */
public record Experiment(
    String name, Path data, Model model, Training training, List<Layer> layers) {

  /** All keys required; a scalar type of its own, an enum, a list of numbers. */
  public record Model(int width, Shape shape, Precision precision, List<Double> scales) {
    public Model {
      if (!(width > 0 && width % 2 == 0)) {
        throw new IllegalArgumentException("width must be even and positive: " + width);
      }
      scales = List.copyOf(scales);
    }
  }

  /** Has defaults. */
  public record Training(
      long steps, double learningRate, boolean compile, Precision precision, Optimizer optimizer) {
    public Training {
      if (steps < 1) {
        throw new IllegalArgumentException("steps must be at least 1: " + steps);
      }
      if (!(learningRate > 0)) {
        throw new IllegalArgumentException("learningRate must be positive: " + learningRate);
      }
      if (compile && precision == Precision.FLOAT_32) {
        throw new IllegalArgumentException("choose either compiled or exact");
      }
    }

    public static Training defaults() {
      return new Training(1000, 3e-4, false, Precision.BF16, new Optimizer(0.9, 0.95));
    }
  }

  /** Has defaults, other than those that {@link Training} gives it. */
  public record Optimizer(double beta1, double beta2) {
    public static Optimizer defaults() {
      return new Optimizer(0.5, 0.5);
    }
  }

  /** An element of a list, with defaults. */
  public record Layer(String kind, int heads) {
    public static Layer defaults() {
      return new Layer("attention", 7);
    }
  }

  /** Two words in the constant, a hyphen in the file. */
  public enum Precision {
    FLOAT_32,
    BF16
  }

  /** A closed choice, one string in the file. */
  public sealed interface Shape {
    /** Returns the shape that {@code text} names: {@code round} or {@code square(3.0)}. */
    static Shape parse(String text) {
      if (text.equals("round")) {
        return new Round();
      }
      if (text.startsWith("square(") && text.endsWith(")")) {
        return new Square(Double.parseDouble(text.substring(7, text.length() - 1)));
      }
      throw new IllegalArgumentException("must be round or square(SIDE), but is '" + text + "'");
    }
  }

  /** Round. */
  public record Round() implements Shape {
    @Override
    public String toString() {
      return "round";
    }
  }

  /** Square. */
  public record Square(double side) implements Shape {
    @Override
    public String toString() {
      return "square(" + side + ")";
    }
  }
}
