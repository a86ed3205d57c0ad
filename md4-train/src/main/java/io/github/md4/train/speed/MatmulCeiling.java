// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.speed;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.SquareProduct;

/**
 * The operations per second of a large square product, the most that a training step can reach.
 * Closing it frees the matrices. Not safe for several threads.
 */
public final class MatmulCeiling implements AutoCloseable {
  private static final int SAMPLES = 7;

  private final NDManager manager;
  private final SquareProduct product;
  private final Scale scale;

  /**
   * The size of a product, and the number of products between two readings of the clock.
   *
   * @param size the number of rows and columns of both matrices
   */
  private record Scale(int size, int times) {
    /**
     * Returns a size that fills a GPU, where float32 products take ten times as long, and one that
     * is short on a CPU.
     */
    static Scale on(Device device, Precision precision) {
      int times = precision == Precision.FLOAT32 ? 2 : 10;
      return device.isGpu() ? new Scale(8192, times) : new Scale(512, 1);
    }
  }

  /**
   * Prepares products on the device of {@code parent}.
   *
   * @param parent the manager under which the matrices live; stays the caller's
   * @param precision the element type of the products, float32 or bfloat16
   */
  public MatmulCeiling(NDManager parent, Precision precision) {
    this.manager = parent.newSubManager();
    this.scale = Scale.on(manager.getDevice(), precision);
    this.product = new SquareProduct(manager, precision, scale.size);
  }

  /** {@return the number of rows and columns of the products: 8192 on a GPU, 512 on a CPU} */
  public int size() {
    return scale.size;
  }

  /**
   * Measures the operations per second, the median of seven runs after a warm-up.
   *
   * @return operations per second; a multiplication and an addition are two
   */
  public double measure() {
    double unused = seconds(scale.times);
    double[] speeds = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      speeds[i] = scale.times * product.operations() / seconds(scale.times);
    }
    return Spread.of(speeds).median();
  }

  /** Returns the time of {@code count} products. The device is idle before and after. */
  private double seconds(int times) {
    long start = System.nanoTime();
    try (NDArray last = product.multiply(manager, times)) {
      float unused = last.getFloat();
    }
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Frees the matrices. */
  @Override
  public void close() {
    product.close();
    manager.close();
  }
}
