// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.internal.transformer.HopperNumbers.casts;
import static io.github.md4.core.internal.transformer.HopperNumbers.distance;
import static io.github.md4.core.internal.transformer.HopperNumbers.narrow;
import static io.github.md4.core.internal.transformer.HopperNumbers.random;
import static io.github.md4.core.internal.transformer.HopperNumbers.wide;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products with the residual sum and the next norm behind them, against plain loops in double. */
@Tag("gpu")
final class HopperProductNormsGpuTest {
  private static final int VECTORS = 6;
  private static final int GATE = 2;
  private static final int SHIFT = 3;
  private static final double EPSILON = 1e-5;

  /** The rounding of results to bfloat16, 2^-9, and some spare. */
  private static final double ROUNDING = 2 * 0x1p-9;

  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("products with a norm are");
  }

  /** The numbers of a case. */
  private record Given(
      int examples,
      int length,
      int in,
      int width,
      float[] x,
      float[] w,
      float[] h,
      float[] vectors) {

    /** The stream has another mean in each 128 columns, so that blocks' means differ. */
    static Given of(int examples, int length, int in, int width) {
      float[] h = random(examples * length * width, 1);
      for (int i = 0; i < h.length; i++) {
        int piece = i % width / 128;
        h[i] = nearest(h[i] + piece);
      }
      float[] x = random(examples * length * in, 1);
      float[] w = random(width * in, 0.1);
      float[] vectors = random(examples * VECTORS * width, 1);
      return new Given(examples, length, in, width, x, w, h, vectors);
    }

    int rows() {
      return examples * length;
    }

    double vector(int row, int index, int column) {
      return vectors[(row / length * VECTORS + index) * width + column];
    }
  }

  /** The sum and its norm. */
  private record Result(double[] next, double[] input) {

    static Result of(Given g, boolean isNarrow) {
      Result result = new Result(new double[g.rows() * g.width], new double[g.rows() * g.width]);
      IntStream.range(0, g.rows()).parallel().forEach(row -> result.write(g, row, isNarrow));
      return result;
    }

    private void write(Given g, int row, boolean isNarrow) {
      double sum = 0;
      for (int column = 0; column < g.width; column++) {
        double y = 0;
        for (int k = 0; k < g.in; k++) {
          y += (double) g.x[row * g.in + k] * g.w[column * g.in + k];
        }
        int at = row * g.width + column;
        double value = g.h[at] + g.vector(row, GATE, column) * y;
        next[at] = isNarrow ? nearest((float) value) : value;
        sum += next[at];
      }
      double mean = sum / g.width;
      double squares = 0;
      for (int column = 0; column < g.width; column++) {
        double deviation = next[row * g.width + column] - mean;
        squares += deviation * deviation;
      }
      double factor = 1 / Math.sqrt(squares / g.width + EPSILON);
      for (int column = 0; column < g.width; column++) {
        int at = row * g.width + column;
        input[at] =
            (next[at] - mean) * factor * (1 + g.vector(row, SHIFT + 1, column))
                + g.vector(row, SHIFT, column);
      }
    }
  }

  /** Returns the nearest bfloat16. */
  private static float nearest(float x) {
    int bits = Float.floatToIntBits(x);
    return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
  }

  /**
   * Every width that has such a kernel, examples that tiles of 128 rows divide or not, a last tile
   * that is whole or not, one step of the sum and several.
   */
  @ParameterizedTest
  @CsvSource({
    "64, 128, 64, 256, FLOAT32",
    "28, 304, 64, 512, BFLOAT16",
    "28, 304, 192, 768, FLOAT32",
    "28, 304, 192, 768, BFLOAT16",
    "9, 1008, 64, 1024, BFLOAT16",
    "65, 144, 64, 1536, FLOAT32"
  })
  void normed_isThatOfPlainLoops_andTheSameInEachRun(
      int examples, int length, int in, int width, Precision stream) {
    Given given = Given.of(examples, length, in, width);
    List<float[]> ours = computed(given, stream);
    Result exact = Result.of(given, stream == Precision.BFLOAT16);
    double streamRounding = stream == Precision.BFLOAT16 ? ROUNDING : 1e-5;
    assertThat(distance(ours.get(0), exact.next)).isLessThan(streamRounding);
    assertThat(distance(ours.get(1), exact.input)).isLessThan(ROUNDING);
    for (int run = 2; run < ours.size(); run += 2) {
      assertThat(ours.get(run)).isEqualTo(ours.get(0));
      assertThat(ours.get(run + 1)).isEqualTo(ours.get(1));
    }
  }

  /** Few rows, short examples, other lengths and other widths are left to passes of their own. */
  @ParameterizedTest
  @CsvSource({"1, 8176, 64, 768", "90, 112, 64, 768", "33, 250, 64, 768", "33, 256, 64, 640"})
  void normed_isLeftToOthers(int examples, int length, int in, int width) {
    assertThat(computed(Given.of(examples, length, in, width), Precision.FLOAT32)).isEmpty();
  }

  /** Returns sum and norm of each of three runs; nothing where there is no such kernel. */
  private static List<float[]> computed(Given given, Precision stream) {
    TransformerKernels.Options network =
        new TransformerKernels.Options(
            Precision.BFLOAT16,
            Activation.SWIGLU,
            given.width / 64,
            given.width / 64,
            64,
            false,
            1e-5);
    FusedKernels.Options options =
        new FusedKernels.Options(network, new TransformerKernels.Dropout(0, 0, 0), stream);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        Products products =
            new CudaBackend.Frozen(new CudaDevice(0), options)
                .products(manager, pool)
                .orElseThrow();
        TorchScript casts = casts(manager)) {
      NDArray x = narrow(manager, casts, given.x, given.rows());
      NDArray w = narrow(manager, casts, given.w, given.width);
      NDArray h =
          stream == Precision.BFLOAT16
              ? narrow(manager, casts, given.h, given.rows())
              : manager.create(given.h, new Shape(given.rows(), given.width));
      NDArray vectors =
          narrow(manager, casts, given.vectors, given.examples)
              .reshape(new Shape(given.examples, VECTORS, given.width));
      Products.ResidualNorm norm =
          new Products.ResidualNorm(h, vectors, GATE, vectors, SHIFT, given.examples, given.length);
      List<float[]> results = new ArrayList<>();
      for (int run = 0; run < 3; run++) {
        Optional<NDList> made = products.normed(manager, x, w, norm);
        made.ifPresent(arrays -> arrays.forEach(each -> results.add(wide(manager, casts, each))));
      }
      return results;
    }
  }
}
