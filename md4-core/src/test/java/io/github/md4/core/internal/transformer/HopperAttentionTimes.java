// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Prints the milliseconds of our attention on a Hopper GPU, forward and backward of one layer:
 * medians of five windows of 30 launches. {@code scripts/bench/torch_attention.py} is PyTorch's
 * side.
 *
 * <pre>java -cp CLASSPATH io.github.md4.core.internal.transformer.HopperAttentionTimes \
 *   EXAMPLES LENGTH HEADS WIDTH DROPOUT</pre>
 */
final class HopperAttentionTimes {
  private static final int WINDOWS = 5;
  private static final int LAUNCHES = 30;
  private static final int SEED = 7;

  private HopperAttentionTimes() {}

  public static void main(String[] arguments) {
    int[] of = Arrays.stream(arguments).limit(4).mapToInt(Integer::parseInt).toArray();
    double dropout = Double.parseDouble(arguments[4]);
    int examples = of[0];
    int length = of[1];
    int heads = of[2];
    int width = of[3];
    FusedKernels.Options options =
        new FusedKernels.Options(
            new TransformerKernels.Options(
                Precision.BFLOAT16, Activation.GLU, heads, heads, width, false, 1e-5),
            new TransformerKernels.Dropout(0, 0, dropout),
            Precision.FLOAT32);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        AttentionKernels kernels =
            HopperAttention.find(new CudaDevice(0), options, pool).orElseThrow();
        TorchScript casts = HopperNumbers.casts(manager)) {
      int rows = examples * length;
      NDArray qkv = normal(manager, casts, rows, 3L * heads * width);
      NDArray gradient = normal(manager, casts, rows, (long) heads * width);
      NDList rotary = NaiveAttention.rotary(manager, length, width);
      NDList forward = kernels.attend(manager, qkv, length, SEED);
      System.out.printf(
          "%d x %d, %d heads of %d, dropout %s: forward %s, backward %s ms%n",
          examples,
          length,
          heads,
          width,
          arguments[4],
          times(manager, () -> kernels.attend(manager, qkv, length, SEED)),
          times(
              manager,
              () ->
                  new NDList(
                      kernels.attendBackward(manager, gradient, qkv, forward, rotary, SEED))));
    }
  }

  private static NDArray normal(NDManager manager, TorchScript casts, long rows, long columns) {
    NDArray wide = manager.randomNormal(new Shape(rows, columns));
    return casts.run(manager, "narrow", wide).singletonOrThrow();
  }

  private static String times(NDManager manager, Supplier<NDList> launch) {
    double[] windows = new double[WINDOWS];
    for (int window = -1; window < WINDOWS; window++) {
      long begun = System.nanoTime();
      for (int i = 0; i < LAUNCHES; i++) {
        launch.get().close();
      }
      var unused = manager.ones(new Shape(1)).toFloatArray(); // waits for the device
      if (window >= 0) {
        windows[window] = (System.nanoTime() - begun) / 1e6 / LAUNCHES;
      }
    }
    Arrays.sort(windows);
    return "%.3f (%.3f to %.3f)".formatted(windows[WINDOWS / 2], windows[0], windows[WINDOWS - 1]);
  }
}
