// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import java.io.IOException;

/**
 * The values of parameters, float32, read a part at a time, so that they need no second copy on the
 * host.
 */
@FunctionalInterface
public interface ParameterSource {

  /**
   * {@return elements of a parameter, row-major, [count], new}
   *
   * @param spec the parameter's name, shape and initial law
   * @param first the index of the first of them, row-major, from 0
   * @param count the number of elements, at least 1; first and count are within the shape
   * @throws io.github.md4.core.InvalidDataException if the file is damaged or has no such parameter
   * @throws IOException if a file cannot be read
   */
  float[] read(ParameterSpec spec, long first, int count) throws IOException;
}
