// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.types.Shape;
import java.util.Objects;

/**
 * A parameter before it has a value.
 *
 * @param name the name, dotted and stable: it is the name in the model file
 * @param shape the sizes of its axes, each at least 1; elements follow in row-major order
 * @param initializer the law of its first values
 */
public record ParameterSpec(String name, Shape shape, Initializer initializer) {

  /**
   * Checks that all are there.
   *
   * @param name the name, dotted and stable: it is the name in the model file
   * @param shape the sizes of its axes, each at least 1; elements follow in row-major order
   * @param initializer the law of its first values
   * @throws IllegalArgumentException if the name is blank, or the shape has no elements
   */
  public ParameterSpec {
    require(!name.isBlank(), "a parameter must have a name", shape);
    require(shape.size() >= 1, "a parameter must have elements: " + name, shape);
    Objects.requireNonNull(initializer, "initializer");
  }
}
