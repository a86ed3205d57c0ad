// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.network.Initializer.Grid;
import io.github.md4.core.network.Initializer.LeCunNormal;
import io.github.md4.core.network.Initializer.Normal;
import io.github.md4.core.network.Initializer.Ones;
import io.github.md4.core.network.Initializer.Zeros;

/** The usual parameters and their initial laws (spec, Section 5.4). */
public final class Specs {

  private Specs() {}

  /**
   * {@return a table of embeddings, [rows, width]}
   *
   * @param name the parameter's name in the model's file, unique in the network
   * @param rows the number of embeddings, at least 1
   * @param width the length of each embedding, at least 1
   */
  public static ParameterSpec table(String name, long rows, long width) {
    return of(name, new Normal(1 / Math.sqrt((double) width)), rows, width);
  }

  /**
   * {@return the weight of a product, [out, in]}
   *
   * @param name the parameter's name in the model's file, unique in the network
   * @param out the number of channels that come out, the first axis
   * @param in the number of channels that go in, the last axis
   */
  public static ParameterSpec product(String name, long out, long in) {
    return of(name, new LeCunNormal(in, 1), out, in);
  }

  /**
   * {@return the filters of a convolution, [out, side, side, in]}
   *
   * @param name the parameter's name in the model's file, unique in the network
   * @param out the number of channels that come out, the first axis
   * @param side the side of the square filter
   * @param in the number of channels that go in, the last axis
   */
  public static ParameterSpec filters(String name, long out, long side, long in) {
    return of(name, new LeCunNormal(side * side * in, 1), out, side, side, in);
  }

  /**
   * {@return the embeddings of the places of a grid, [rows columns, width]}
   *
   * @param name the parameter's name in the model's file, unique in the network
   * @param rows rows of the grid
   * @param columns columns of the grid
   * @param width the length of each embedding, at least 1
   */
  public static ParameterSpec positions(String name, int rows, int columns, int width) {
    return of(name, new Grid(columns, width), (long) rows * columns, width);
  }

  /**
   * {@return a parameter that starts at zero}
   *
   * @param name the parameter's name in the model's file, unique in the network
   * @param shape the sizes of its axes; elements follow in row-major order
   */
  public static ParameterSpec zeros(String name, long... shape) {
    return of(name, new Zeros(), shape);
  }

  /**
   * {@return a parameter that starts at one}
   *
   * @param name the parameter's name in the model's file, unique in the network
   * @param shape the sizes of its axes; elements follow in row-major order
   */
  public static ParameterSpec ones(String name, long... shape) {
    return of(name, new Ones(), shape);
  }

  private static ParameterSpec of(String name, Initializer initializer, long... shape) {
    return new ParameterSpec(name, new Shape(shape), initializer);
  }
}
