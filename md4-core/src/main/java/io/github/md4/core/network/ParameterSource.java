// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import java.io.IOException;

/**
 * The values of parameters, read a part at a time, so that they need no second copy on the host.
 */
@FunctionalInterface
public interface ParameterSource {

  /**
   * {@return elements of a parameter}
   *
   * @param spec the parameter's name, shape and initial law
   * @param first the first of them, row-major
   * @param count the number of elements, at least 1
   * @throws IOException if a file cannot be read
   */
  float[] read(ParameterSpec spec, long first, int count) throws IOException;
}
