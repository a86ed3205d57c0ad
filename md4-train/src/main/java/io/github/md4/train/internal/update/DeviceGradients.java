// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.train.optimizer.GradientClip;

/**
 * The gradients of a step on their device.
 *
 * @param kernels the kernels of that device
 * @param arrays the gradients, changed in place
 */
public record DeviceGradients(OptimizerKernels kernels, FlatArrays arrays)
    implements GradientClip.Gradients {
  @Override
  public void clipByNorm(double bound) {
    kernels.clipByNorm(arrays, bound);
  }

  @Override
  public void clipByValue(double bound) {
    kernels.clipByValue(arrays, bound);
  }
}
