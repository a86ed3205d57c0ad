// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.law.LogitCuts;

/** The cuts that the kernels of draws compute. */
record KernelCuts(DrawKernels kernels) implements LogitCuts {
  @Override
  public NDArray topK(NDManager scope, NDArray logits, int k) {
    return kernels.topK(scope, logits, k);
  }

  @Override
  public NDArray topP(NDManager scope, NDArray logits, double p) {
    return kernels.topP(scope, logits, p);
  }
}
