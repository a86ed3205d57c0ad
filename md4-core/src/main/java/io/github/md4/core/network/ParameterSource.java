// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.FloatFormat;
import io.github.md4.core.noise.Noise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The values of parameters, read a part at a time, so that they need no second copy on the host.
 * Safe for several threads.
 */
@FunctionalInterface
public interface ParameterSource {

  /**
   * {@return elements of a parameter, row-major, [count], none of them NaN or infinite}
   *
   * @param spec the parameter's name, shape and initial law
   * @param first the index of the first of them, row-major, from 0
   * @param count the number of elements, at least 1; first and count are within the shape
   * @throws io.github.md4.core.InvalidDataException if the file is damaged, has no such parameter
   *     or another type, or an element is NaN or infinite
   * @throws IOException if a file cannot be read
   */
  StoredValues read(ParameterSpec spec, long first, int count) throws IOException;

  /**
   * {@return the values of the initial laws, those of {@link Parameters#initial}}
   *
   * @param specs the parameters, in the order of files
   * @param noise the noise of the run's seed
   */
  static ParameterSource initial(List<ParameterSpec> specs, Noise noise) {
    return (spec, first, count) -> {
      float[] values = new float[Math.toIntExact(spec.shape().size())];
      spec.initializer().fill(values, noise, specs.indexOf(spec));
      ByteBuffer data = ByteBuffer.allocateDirect(count * Float.BYTES);
      data.order(ByteOrder.LITTLE_ENDIAN);
      data.asFloatBuffer().put(values, Math.toIntExact(first), count);
      return new StoredValues(FloatFormat.FLOAT32, data);
    };
  }
}
