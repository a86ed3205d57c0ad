// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.DitKernels;
import io.github.md4.core.internal.image.FusedUNetKernels;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.ConditionKernels;
import java.util.function.Supplier;

/** The mode of an image network's kernels. They live under its manager and are closed with it. */
sealed interface KernelMode {

  /** Returns the options of all kernels. */
  UNetKernels.Options options();

  UNetKernels unet();

  DitKernels dit(DitShape shape);

  ConditionKernels condition();

  /**
   * Inference: no dropout, nothing recorded.
   *
   * @param convolutional the kernels of feature maps, which a network without them does not ask for
   */
  record Inference(
      NDManager manager, UNetKernels.Options options, Supplier<UNetKernels> convolutional)
      implements KernelMode {
    @Override
    public UNetKernels unet() {
      return convolutional.get();
    }

    @Override
    public DitKernels dit(DitShape shape) {
      return DitKernels.forInference(
          manager, new DitKernels.Options(options, shape.heads(), shape.patch()));
    }

    @Override
    public ConditionKernels condition() {
      return ConditionKernels.forInference(manager);
    }
  }

  /** Training with automatic differentiation and dropout. */
  record Training(NDManager manager, UNetKernels.Options options, double dropout)
      implements KernelMode {
    @Override
    public UNetKernels unet() {
      return UNetKernels.forTraining(manager, options, dropout);
    }

    @Override
    public DitKernels dit(DitShape shape) {
      return DitKernels.forTraining(
          manager, new DitKernels.Options(options, shape.heads(), shape.patch()), dropout);
    }

    @Override
    public ConditionKernels condition() {
      return ConditionKernels.forTraining(manager);
    }
  }

  /** Training with a hand-written backward of the convolutional parts. */
  record Fused(Training others, FusedUNetKernels unet) implements KernelMode {
    @Override
    public UNetKernels.Options options() {
      return others.options;
    }

    @Override
    public DitKernels dit(DitShape shape) {
      return others.dit(shape);
    }

    @Override
    public ConditionKernels condition() {
      return others.condition();
    }
  }
}
