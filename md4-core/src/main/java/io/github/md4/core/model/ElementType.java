// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.FloatFormat;
import io.github.md4.core.InvalidDataException;
import java.nio.file.Path;
import java.util.Arrays;

/** The element types of the safetensors format, by their names in it. */
enum ElementType {
  F64(8),
  F32(4) {
    @Override
    FloatFormat format(Path file, String name) {
      return FloatFormat.FLOAT32;
    }
  },
  F16(2) {
    @Override
    FloatFormat format(Path file, String name) {
      return FloatFormat.FLOAT16;
    }
  },
  BF16(2) {
    @Override
    FloatFormat format(Path file, String name) {
      return FloatFormat.BFLOAT16;
    }
  },
  F8_E4M3(1),
  F8_E5M2(1),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U64(8),
  U32(4),
  U16(2),
  U8(1),
  BOOL(1),
  /** A type that nobody reads here: such a tensor may lie in a file, but has no elements for us. */
  UNKNOWN(1);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the type of that name in a file. */
  static ElementType of(String dtype) {
    return Arrays.stream(values())
        .filter(type -> type.name().equals(dtype))
        .findFirst()
        .orElse(UNKNOWN);
  }

  /**
   * Returns the format of weights.
   *
   * @throws InvalidDataException if it is none that is read here
   */
  FloatFormat format(Path file, String name) {
    throw new InvalidDataException(
        file, "tensor " + name + " is " + this + "; F32, F16 or BF16 is needed");
  }

  /** The size of one element. */
  int bytes() {
    return bytes;
  }
}
