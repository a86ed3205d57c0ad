// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import java.util.Arrays;

/** Flat arrays with given values. */
public final class Flat {
  private Flat() {}

  /** Returns float32 vectors, one for each argument. */
  public static FlatArrays of(NDManager manager, float[]... values) {
    FlatArrays flat =
        FlatArrays.zeros(
            manager,
            Arrays.stream(values).map(v -> new Shape(v.length)).toList(),
            Precision.FLOAT32);
    for (int i = 0; i < values.length; i++) {
      flat.set(i, values[i]);
    }
    return flat;
  }
}
