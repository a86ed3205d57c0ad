// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.ndarray;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The scopes and checks of functions over NDArrays. */
final class Scopes {
  private Scopes() {}

  /**
   * Returns the result of a function, attached to the manager of the first input. All other arrays
   * that it makes of the inputs are freed; automatic differentiation keeps what it needs, if it is
   * in the engine's own memory ({@link OwnedArrays}).
   */
  static NDArray free(Supplier<NDArray> function, NDArray... inputs) {
    try (NDManager scope = inputs[0].getManager().newSubManager()) {
      scope.tempAttachAll(inputs);
      return scope.ret(function.get());
    }
  }

  /** As {@link #free}, of one array: the function sees it in float64, its result has its type. */
  static NDArray wide(UnaryOperator<NDArray> function, NDArray t) {
    checkReal("t", t);
    return free(() -> to(function.apply(wide(t)), t.getDataType()), t);
  }

  /** Returns the array in float64: itself if that is its type. */
  static NDArray wide(NDArray array) {
    return to(array, DataType.FLOAT64);
  }

  /**
   * Returns the array in another floating type: itself if that is its type. Differentiable, as
   * DJL's {@code toType} is not: that returns an array which the graph does not know.
   */
  static NDArray to(NDArray array, DataType type) {
    if (array.getDataType() == type) {
      return array;
    }
    NDArray zeros = array.getManager().zeros(array.getShape(), type, array.getDevice());
    return zeros.addi(array);
  }

  /** Returns {@code e^x - 1} to full relative precision. */
  static NDArray expm1(NDArray x) {
    return OwnedArrays.over(x, 2).tanh().mul(x.exp().add(1));
  }

  /**
   * @throws IllegalArgumentException unless the array is float32 or float64
   */
  static void checkReal(String name, NDArray array) {
    DataType type = array.getDataType();
    require(
        type == DataType.FLOAT32 || type == DataType.FLOAT64,
        name + " must be float32 or float64",
        type);
  }

  /**
   * @throws IllegalArgumentException unless the array has this shape
   */
  static void checkShape(String name, NDArray array, long... shape) {
    require(
        Arrays.equals(array.getShape().getShape(), shape),
        name + " must have the shape " + new Shape(shape),
        array.getShape());
  }
}
