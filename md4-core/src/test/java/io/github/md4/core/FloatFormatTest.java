// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("exact")
final class FloatFormatTest {
  private static final int ALL = 1 << 16;

  private static ByteBuffer shorts(int... bits) {
    ByteBuffer data = ByteBuffer.allocate(2 * bits.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int each : bits) {
      data.putShort((short) each);
    }
    return data.flip();
  }

  /** The value by the definition: sign, exponent of {@code exponentBits}, fraction. */
  private static double value(int bits, int exponentBits) {
    int fractionBits = 15 - exponentBits;
    int exponent = (bits & 0x7FFF) >> fractionBits;
    int fraction = bits & ((1 << fractionBits) - 1);
    int bias = (1 << (exponentBits - 1)) - 1;
    double sign = (bits & 0x8000) == 0 ? 1 : -1;
    if (exponent == (1 << exponentBits) - 1) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    double whole = exponent == 0 ? 0 : 1;
    return sign
        * (whole + fraction / (double) (1 << fractionBits))
        * Math.pow(2, Math.max(exponent, 1) - bias);
  }

  @Test
  void halves_areTheirDefinition() {
    for (int bits = 0; bits < ALL; bits++) {
      assertThat(FloatFormat.FLOAT16.floats(shorts(bits)))
          .isEqualTo(new float[] {(float) value(bits, 5)});
      assertThat(FloatFormat.BFLOAT16.floats(shorts(bits)))
          .isEqualTo(new float[] {(float) value(bits, 8)});
    }
  }

  /** One value among zeros, in each place of a word and of the rest after the last word. */
  @ParameterizedTest
  @EnumSource
  void areFinite_findsEachValueInEachPlace(FloatFormat format) {
    int count = 16 / format.bytes + 8 / format.bytes - 1; // two words and a rest
    for (int high = 0; high < ALL; high++) {
      ByteBuffer data =
          ByteBuffer.allocateDirect(count * format.bytes + 2).order(ByteOrder.LITTLE_ENDIAN);
      data.putShort((short) 0xFFFF); // before the position, in no word
      int place = high % count;
      data.putShort(2 + (place + 1) * format.bytes - 2, (short) high);
      float value = format.floats(data)[place];
      assertThat(format.areFinite(data)).as("%x", high).isEqualTo(Float.isFinite(value));
      assertThat(data.position()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void areFinite_isTrueOfNothing(FloatFormat format) {
    assertThat(format.areFinite(ByteBuffer.allocate(0))).isTrue();
  }
}
