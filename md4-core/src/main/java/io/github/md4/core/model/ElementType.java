// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.InvalidDataException;
import java.nio.ByteBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/** The element types of the safetensors format, by their names in it. */
enum ElementType {
  F64(8),
  F32(4) {
    @Override
    float[] floats(Path file, String name, ByteBuffer data) {
      float[] values = new float[data.remaining() / bytes()];
      data.asFloatBuffer().get(values);
      return values;
    }
  },
  F16(2) {
    @Override
    float[] floats(Path file, String name, ByteBuffer data) {
      return each(data, ElementType::half);
    }
  },
  BF16(2) {
    @Override
    float[] floats(Path file, String name, ByteBuffer data) {
      return each(data, bits -> Float.intBitsToFloat(bits << 16));
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

  /** Returns elements of a type of floating point as float32, which holds all but F64 exactly. */
  float[] floats(Path file, String name, ByteBuffer data) {
    throw new InvalidDataException(
        file, "tensor " + name + " is " + this + "; F32, F16 or BF16 is needed");
  }

  private interface Bits {
    float value(int bits);
  }

  private static float[] each(ByteBuffer data, Bits bits) {
    ShortBuffer shorts = data.asShortBuffer();
    float[] values = new float[shorts.remaining()];
    for (int i = 0; i < values.length; i++) {
      values[i] = bits.value(shorts.get(i) & 0xFFFF);
    }
    return values;
  }

  /** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
  private static float half(int bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    float magnitude;
    if (exponent == 0x1F) {
      magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else if (exponent == 0) {
      magnitude = fraction * 0x1p-24f;
    } else {
      magnitude = (1 + fraction * 0x1p-10f) * (float) Math.pow(2, exponent - 15);
    }
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }

  /** The size of one element. */
  int bytes() {
    return bytes;
  }
}
