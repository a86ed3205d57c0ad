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
   * @param first the first of them, row-major
   */
  float[] read(ParameterSpec spec, long first, int count) throws IOException;
}
