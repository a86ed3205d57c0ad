// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.SamplingMethod;

/** Samplers that share the kernels of a test, for tests of other packages. */
public record BorrowedKernels(NDManager manager, DrawKernels kernels) {

  /** Returns a sampler that draws by a law. */
  public Sampler sampler(GenerativeModel model, SamplingMethod method, TokenLaw law) {
    return new Sampler(manager, kernels, model, method, law);
  }

  /** Returns a sampler of the network's own law. */
  public Sampler sampler(GenerativeModel model, SamplingMethod method) {
    return sampler(model, method, TokenLaw.MODEL);
  }
}
