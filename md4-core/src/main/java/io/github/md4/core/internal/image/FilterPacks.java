// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * The weights of convolutions as our own kernels read them: made when they are first asked for, and
 * kept. They belong to weights that never change.
 */
public interface FilterPacks extends AutoCloseable {
  /**
   * The weights of a convolution. O channels of its results, rounded up to a multiple of N, the
   * columns of a kernel; C channels of its input.
   *
   * @param filters bfloat16 [O / N, C / 16, 9, 2, N, 8]
   * @param bias float32 [O], with that of the projection; none, if it is the caller's
   * @param projection of P channels, bfloat16 [O / N, P / 16, 1, 2, N, 8], or empty
   */
  record Pack(NDArray filters, List<NDArray> bias, List<NDArray> projection) {}

  /** Returns the pack of filters [O, 3, 3, C], which are told by the array itself, by columns. */
  Pack of(int columns, NDArray filters);

  /**
   * Returns the pack of filters with their bias, [O].
   *
   * @param projection weight [O, P] and bias of a projection of what the convolution is added to,
   *     or empty
   */
  Pack of(int columns, NDArray filters, NDArray bias, List<NDArray> projection);

  @Override
  void close();
}
