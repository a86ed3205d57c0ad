// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import java.io.IOException;

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
}
