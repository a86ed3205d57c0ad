// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.FloatFormat;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.noise.Noise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("exact")
final class ParameterPartsTest {
  private static final Initializer ZERO = new Initializer.Constant(0);

  /** Parameters of few elements around one of more than one part. */
  private static final List<ParameterSpec> SPECS =
      List.of(
          new ParameterSpec("first", new Shape(3), ZERO),
          new ParameterSpec("large", new Shape(5_592_409, 3), ZERO),
          new ParameterSpec("last", new Shape(5, 7), ZERO));

  /** Returns a number that all formats have, and that changes with the place. */
  private static float value(ParameterSpec spec, long index) {
    return (index * 31 + spec.name().length()) % 127 - 63;
  }

  private static int bits(FloatFormat format, float value) {
    int bits = Float.floatToIntBits(value);
    if (format != FloatFormat.FLOAT16 || value == 0) {
      return format == FloatFormat.FLOAT32 ? bits : bits >>> 16;
    }
    return ((bits >>> 16) & 0x8000)
        | ((Math.getExponent(value) + 15) << 10)
        | ((bits >> 13) & 0x3FF);
  }

  private static StoredValues stored(
      FloatFormat format, ParameterSpec spec, long first, int count) {
    ByteBuffer data = ByteBuffer.allocateDirect(count * format.bytes);
    data.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      int bits = bits(format, value(spec, first + i));
      if (format.bytes == 4) {
        data.putInt(bits);
      } else {
        data.putShort((short) bits);
      }
    }
    return new StoredValues(format, data.flip());
  }

  @Test
  void initialValues_areThoseOfParameters() throws IOException {
    Initializer drawn = new Initializer.Normal(0.5);
    List<ParameterSpec> specs =
        List.of(
            new ParameterSpec("first", new Shape(300), drawn),
            new ParameterSpec("same", new Shape(300), drawn),
            new ParameterSpec("last", new Shape(5, 7), drawn));
    Noise noise = new Noise(5);
    try (NDManager manager = NDManager.newBaseManager();
        Parameters expected = Parameters.initial(manager, specs, noise);
        Parameters read = Parameters.read(manager, specs, ParameterSource.initial(specs, noise))) {
      for (ParameterSpec spec : specs) {
        assertThat(read.get(spec.name()).toFloatArray())
            .isEqualTo(expected.get(spec.name()).toFloatArray());
      }
      StoredValues some = ParameterSource.initial(specs, noise).read(specs.get(1), 298, 2);
      assertThat(some.data().asFloatBuffer().get(1))
          .isEqualTo(expected.get("same").toFloatArray()[299]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void parameters_haveTheValuesOfTheSource(FloatFormat format) throws IOException {
    try (NDManager manager = NDManager.newBaseManager();
        Parameters parameters =
            Parameters.read(
                manager, SPECS, (spec, first, count) -> stored(format, spec, first, count))) {
      for (ParameterSpec spec : SPECS) {
        NDArray array = parameters.get(spec.name());
        assertThat(array.getShape()).isEqualTo(spec.shape());
        float[] values = array.toFloatArray();
        int wrong = 0;
        for (int i = 0; i < values.length; i++) {
          wrong += values[i] == value(spec, i) ? 0 : 1;
        }
        assertThat(wrong).as(spec.name()).isZero();
      }
    }
  }

  @Test
  void failures_areThoseOfTheSource() {
    try (NDManager manager = NDManager.newBaseManager()) {
      assertThatThrownBy(() -> Parameters.read(manager, SPECS, failing(new IOException("gone"))))
          .isInstanceOf(IOException.class)
          .hasMessage("gone");
      Exception damaged = new InvalidDataException(Path.of("model"), "damaged");
      assertThatThrownBy(() -> Parameters.read(manager, SPECS, failing(damaged)))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("damaged");
      assertThat(manager.getManagedArrays()).isEmpty();
    }
  }

  /** Returns a source that fails at the second part of a parameter. */
  private static ParameterSource failing(Exception failure) {
    return (spec, first, count) -> {
      if (first == 0) {
        return stored(FloatFormat.BFLOAT16, spec, first, Math.min(count, 3));
      } else if (failure instanceof IOException cause) {
        throw cause;
      }
      throw (RuntimeException) failure;
    };
  }
}
