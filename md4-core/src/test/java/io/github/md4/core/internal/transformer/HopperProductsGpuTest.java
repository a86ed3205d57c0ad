// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.internal.transformer.HopperNumbers.casts;
import static io.github.md4.core.internal.transformer.HopperNumbers.distance;
import static io.github.md4.core.internal.transformer.HopperNumbers.narrow;
import static io.github.md4.core.internal.transformer.HopperNumbers.random;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products, alone, with the rotation and with the gated activation, against plain loops in double.
 */
@Tag("gpu")
final class HopperProductsGpuTest {
  private static final int IN = 192;
  private static final int HEADS = 3;
  private static final int KEY_VALUE_HEADS = 1;
  private static final int WIDTH = 64;
  private static final int TURNED = (HEADS + KEY_VALUE_HEADS) * WIDTH;
  private static final int OUT = (HEADS + 2 * KEY_VALUE_HEADS) * WIDTH;
  private static final int GATED = 3 * WIDTH;
  private static final int LENGTH = 37;

  /** The rounding of results to bfloat16, 2^-9, and some spare. */
  private static final double ROUNDING = 2 * 0x1p-9;

  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("its products are");
  }

  /** Up to 512 rows are products of few rows, from 8,192 on those of many; none are between. */
  @ParameterizedTest
  @ValueSource(ints = {LENGTH, 13 * LENGTH, 222 * LENGTH})
  void rotated_areThoseOfPlainLoops(int rows) {
    float[] x = random(rows * IN, 1);
    float[] w = random(OUT * IN, 0.1);
    double[] exact = product(x, w, rows, OUT);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < TURNED; column += 2) {
        double angle = NaiveAttention.angle(row % LENGTH, column % WIDTH / 2, WIDTH);
        int at = row * OUT + column;
        double even = exact[at];
        double odd = exact[at + 1];
        exact[at] = even * Math.cos(angle) - odd * Math.sin(angle);
        exact[at + 1] = even * Math.sin(angle) + odd * Math.cos(angle);
      }
    }
    float[] ours =
        computed(
            x,
            w,
            rows,
            (products, manager, given, weights) ->
                products.rotated(
                    manager, given, weights, NaiveAttention.rotary(manager, LENGTH, WIDTH)));
    assertThat(distance(ours, exact)).isLessThan(ROUNDING);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 512, 513, 2000})
  void gated_areThoseOfPlainLoops(int rows) {
    float[] x = random(rows * IN, 1);
    float[] w = random(2 * GATED * IN, 0.1);
    double[] all = product(x, w, rows, 2 * GATED);
    double[] exact = new double[rows * GATED];
    for (int i = 0; i < exact.length; i++) {
      int at = i / GATED * 2 * GATED + i % GATED;
      double gate = all[at + GATED];
      exact[i] = all[at] * gate / (1 + Math.exp(-gate));
    }
    float[] ours =
        computed(
            x,
            w,
            rows,
            (products, manager, given, weights) -> products.gated(manager, given, weights));
    assertThat(distance(ours, exact)).isLessThan(ROUNDING);
  }

  /**
   * Up to 512 rows by a kernel of our own, sums of 1,536 in parts; more by another library, or,
   * from 8,192 rows and sums of 2,048 on, by that of many rows.
   */
  @ParameterizedTest
  @CsvSource({"37, 192", "512, 1536", "600, 192", "8200, 2048"})
  void product_isThatOfPlainLoops(int rows, int in) {
    float[] x = random(rows * in, 1);
    float[] w = random(WIDTH * in, 0.1);
    float[] ours =
        computed(
            x,
            w,
            rows,
            (products, manager, given, weights) ->
                Optional.of(products.product(manager, given, weights)));
    assertThat(distance(ours, product(x, w, rows, WIDTH))).isLessThan(ROUNDING);
  }

  /** A product of x and w. */
  private interface Product {
    Optional<NDArray> of(Products products, NDManager manager, NDArray x, NDArray w);
  }

  private static float[] computed(float[] x, float[] w, int rows, Product product) {
    TransformerKernels.Options network =
        new TransformerKernels.Options(
            Precision.BFLOAT16, Activation.SWIGLU, HEADS, KEY_VALUE_HEADS, WIDTH, false, 1e-5);
    FusedKernels.Options options =
        new FusedKernels.Options(
            network, new TransformerKernels.Dropout(0, 0, 0), Precision.FLOAT32);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        Products products =
            new CudaBackend.Frozen(new CudaDevice(0), options)
                .products(manager, pool)
                .orElseThrow();
        TorchScript casts = casts(manager)) {
      NDArray given = narrow(manager, casts, x, rows);
      int in = x.length / rows;
      NDArray weights = narrow(manager, casts, w, w.length / in);
      NDArray y = product.of(products, manager, given, weights).orElseThrow();
      return casts.run(manager, "wide", y).singletonOrThrow().toFloatArray();
    }
  }

  private static double[] product(float[] x, float[] w, int rows, int columns) {
    int in = x.length / rows;
    double[] y = new double[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        double sum = 0;
        for (int k = 0; k < in; k++) {
          sum += (double) x[row * in + k] * w[column * in + k];
        }
        y[row * columns + column] = sum;
      }
    }
    return y;
  }
}
