// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/**
 * A format of floating-point numbers in a file, little-endian: two of IEEE 754-2019, and the upper
 * half of binary32, as safetensors files name them F32, F16 and BF16.
 */
public enum FloatFormat {
  /** IEEE 754 binary32. */
  FLOAT32(4, 6, 0x7F80_0000_7F80_0000L) {
    @Override
    public float[] floats(ByteBuffer data) {
      float[] values = new float[data.remaining() / bytes];
      littleEndian(data).asFloatBuffer().get(values);
      return values;
    }
  },
  /** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
  FLOAT16(2, 5, 0x7C00_7C00_7C00_7C00L) {
    @Override
    public float[] floats(ByteBuffer data) {
      return each(data, FloatFormat::half);
    }
  },
  /** The upper half of binary32: a sign, 8 bits of exponent, 7 of fraction. */
  BFLOAT16(2, 15, 0x7F80_7F80_7F80_7F80L) {
    @Override
    public float[] floats(ByteBuffer data) {
      return each(data, bits -> Float.intBitsToFloat(bits << 16));
    }
  };

  /** The size of a number in bytes. */
  public final int bytes;

  /** The format's number among the engine's types, {@code c10::ScalarType}. */
  public final int scalarType;

  private final long exponents; // the bits of the exponent, of all numbers of eight bytes

  FloatFormat(int bytes, int scalarType, long exponents) {
    this.bytes = bytes;
    this.scalarType = scalarType;
    this.exponents = exponents;
  }

  /**
   * {@return the numbers as float32, which holds all of them exactly, [n], new}
   *
   * @param data n whole numbers, {@link #bytes} each, from position to limit, which do not change
   */
  public abstract float[] floats(ByteBuffer data);

  /**
   * {@return whether no number is NaN or infinite, which is whether no exponent is all ones}
   *
   * @param data n whole numbers, {@link #bytes} each, from position to limit, which do not change
   */
  public boolean areFinite(ByteBuffer data) {
    LongBuffer words = littleEndian(data).asLongBuffer();
    int count = words.remaining();
    long lowest = exponents & ~(exponents << 1); // the lowest bit of each exponent
    long carries = 0; // an exponent of ones and 1 more is carried into the sign, and no further
    for (int i = 0; i < count; i++) {
      carries |= (words.get(i) & exponents) + lowest;
    }
    carries |= (rest(data, count) & exponents) + lowest;
    long signs = ~exponents & (exponents << 1);
    return (carries & signs) == 0;
  }

  /** Returns the bytes after the last whole word. */
  private static long rest(ByteBuffer data, int words) {
    ByteBuffer rest = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = data.position() + words * Long.BYTES; i < data.limit(); i++) {
      rest.put(data.get(i));
    }
    return rest.getLong(0);
  }

  private static ByteBuffer littleEndian(ByteBuffer data) {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  private interface Bits {
    float value(int bits);
  }

  private static float[] each(ByteBuffer data, Bits bits) {
    ShortBuffer shorts = littleEndian(data).asShortBuffer();
    float[] values = new float[shorts.remaining()];
    for (int i = 0; i < values.length; i++) {
      values[i] = bits.value(shorts.get(i) & 0xFFFF);
    }
    return values;
  }

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
}
