// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * The weights of convolutions as kernels of few images read them: made when they are first asked
 * for, and kept. They belong to weights that never change.
 */
public interface FilterPacks extends AutoCloseable {
  /**
   * The weights of a convolution. O channels of its results, rounded up to a multiple of 64; C
   * channels of its input.
   *
   * @param filters bfloat16 [O / 64, C / 16, 9, 2, 64, 8]
   * @param bias float32 [O], with that of the projection; none, if it is the caller's
   * @param projection of P channels, bfloat16 [O / 64, P / 16, 2, 64, 8], or empty
   */
  record Pack(NDArray filters, List<NDArray> bias, List<NDArray> projection) {}

  /** Returns the pack of filters [O, 3, 3, C], which are told by the array itself. */
  Pack of(NDArray filters);

  /**
   * Returns the pack of filters with their bias, [O].
   *
   * @param projection weight [O, P] and bias of a projection of what the convolution is added to,
   *     or empty
   */
  Pack of(NDArray filters, NDArray bias, List<NDArray> projection);

  @Override
  void close();
}
