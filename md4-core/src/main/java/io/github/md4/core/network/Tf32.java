// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.sun.jna.Function;
import com.sun.jna.Platform;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;

/**
 * TensorFloat-32: the mode in which a GPU rounds the factors of float32 products to ten bits after
 * the point, several times faster.
 *
 * <p>libtorch and CUDA's libraries read it from the environment at their first use, so it must be
 * set before DJL's engine is used (docs/gpu.md). It holds for the process.
 */
public final class Tf32 {
  /** The variable that libtorch reads for its products. */
  private static final String TORCH = "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE";

  /** The variable that CUDA's libraries read; it overrules libtorch's. */
  private static final String CUDA = "NVIDIA_TF32_OVERRIDE";

  private static final String PROBE =
      """
      def product(self: __torch__.M, like: Tensor) -> Tensor:
        x = torch.full([512, 512], 1.0 + 2.0 ** -12, dtype=6, device=like.device)
        return torch.select(torch.select(torch.mm(x, x), 0, 0), 0, 0)
      """;

  /** The exact product's elements are 512.25; with the factors rounded to 1 they are 512. */
  private static final float BETWEEN = 512.125f;

  private Tf32() {}

  /**
   * Allows TF32 in this process.
   *
   * @throws DeviceException if this system's environment cannot be set from here
   */
  public static void allow() {
    if (!set(TORCH, "1") || call("unsetenv", CUDA) != 0) {
      throw new DeviceException(
          "TF32 cannot be allowed from within this process; set " + TORCH + "=1 before it starts");
    }
  }

  /** Forbids TF32 in this process, also for convolutions, which libtorch otherwise rounds. */
  public static void forbid() {
    boolean unused = set(TORCH, "0") && set(CUDA, "0"); // where it cannot be set, it is off anyway
  }

  /**
   * {@return whether float32 products on a manager's device are rounded; waits for the device}
   *
   * @param parent a manager, whose device is asked
   */
  public static boolean isInEffect(NDManager parent) {
    if (!parent.getDevice().isGpu()) {
      return false;
    }
    try (NDManager scope = parent.newSubManager();
        TorchScript script = TorchScript.load(scope, Map.of(), PROBE)) {
      NDArray like = scope.create(0f);
      return script.run(scope, "product", like).singletonOrThrow().getFloat() < BETWEEN;
    }
  }

  /**
   * Checks that a manager's device does what was allowed, unless it is a CPU, which has no part in
   * it.
   *
   * @param parent a manager, whose device is asked
   * @throws DeviceException if it does not
   */
  public static void check(NDManager parent) {
    if (parent.getDevice().isGpu() && !isInEffect(parent)) {
      throw new DeviceException(
          "training.tf32: this GPU does not round its products; it has no TF32, or libtorch was used"
              + " before TF32 was allowed: call Tf32.allow() first");
    }
  }

  private static boolean set(String name, String value) {
    return call("setenv", name, value, 1) == 0;
  }

  private static int call(String function, Object... arguments) {
    return Platform.isWindows()
        ? -1
        : Function.getFunction(Platform.C_LIBRARY_NAME, function).invokeInt(arguments);
  }
}
