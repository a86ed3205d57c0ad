// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.LibUtils;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products by timed algorithms against libtorch's in float32, of the same rounded numbers. */
@Tag("gpu")
final class TunedProductsGpuTest {
  /** One rounding of the result to bfloat16, and of partial sums where an algorithm has such. */
  private static final double ROUNDING = 2 * 0x1p-9;

  private static final String TEXT =
      """
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(15)
      def wide(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(6)
      def product(self: __torch__.M, x: Tensor, w: Tensor) -> Tensor:
        return torch.mm(x.to(6), w.to(6).t())
      def inputGradient(self: __torch__.M, dy: Tensor, w: Tensor) -> Tensor:
        return torch.mm(dy.to(6), w.to(6))
      def weightGradient(self: __torch__.M, dy: Tensor, x: Tensor) -> Tensor:
        return torch.mm(dy.to(6).t(), x.to(6))
      """;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: its products are not tested");
  }

  /** Other numbers of rows, as steps have them, follow the first at once. */
  @ParameterizedTest
  @CsvSource({"4099, 1536, 768", "2048, 1024, 2752"})
  void products_areThoseOfFloat32UpToRounding(int rows, int out, int in) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), TEXT);
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        Products products = TunedProducts.find(manager, new CudaDevice(0), pool).orElseThrow()) {
      Check check = new Check(manager, script, products);
      for (int more : new int[] {0, 5, 0}) {
        check.forms(rows + more, out, in);
      }
    }
  }

  /** Another library than libtorch's alone, which is loaded apart from it; here, a copy of it. */
  @Test
  void products_areThoseOfANamedLibrary(@TempDir Path folder) throws Exception {
    Path copy = folder.resolve("libcublasLt.so.12");
    try (Stream<Path> files = Files.list(Path.of(LibUtils.getLibtorchPath()))) {
      Path own =
          files
              .filter(file -> file.getFileName().toString().startsWith("libcublasLt"))
              .findFirst()
              .orElseThrow();
      Files.createSymbolicLink(copy, own);
    }
    CublasLtLibrary named = CublasLtLibrary.named("MD4_CUBLASLT", copy.toString()).orElseThrow();
    assertThat(named.description()).startsWith("cuBLASLt 12.").endsWith("(" + copy + ")");
    CudaDevice device = new CudaDevice(0);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript script = TorchScript.load(manager, Map.of(), TEXT);
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        Products products = TunedProducts.of(List.of(named), manager, device, pool).orElseThrow()) {
      new Check(manager, script, products).forms(4096, 1024, 1024);
    }
  }

  private record Check(NDManager manager, TorchScript script, Products products) {
    void forms(int rows, int out, int in) {
      NDArray x = random(rows, in);
      NDArray w = random(out, in);
      NDArray dy = random(rows, out);
      compare(products.product(manager, x, w), one("product", x, w));
      compare(products.inputGradient(manager, dy, w).orElseThrow(), one("inputGradient", dy, w));
      NDArray into = random(out, in);
      assertThat(products.weightGradient(dy, x, into)).isTrue();
      compare(into, one("weightGradient", dy, x));
    }

    private NDArray random(int rows, int columns) {
      Random random = new Random(rows + columns);
      float[] values = new float[rows * columns];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return one("narrow", manager.create(values, new Shape(rows, columns)));
    }

    private NDArray one(String function, Object... arguments) {
      return script.run(manager, function, arguments).singletonOrThrow();
    }

    private void compare(NDArray ours, NDArray expected) {
      assertThat(ours.getShape()).isEqualTo(expected.getShape());
      NDArray difference = one("wide", ours).sub(expected);
      double distance = difference.norm().getFloat() / expected.norm().getFloat();
      assertThat(distance).isLessThan(ROUNDING);
    }
  }
}
