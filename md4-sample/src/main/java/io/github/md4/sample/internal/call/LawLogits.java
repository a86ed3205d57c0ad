// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.law.LogitCuts;
import io.github.md4.sample.law.TokenLaw;
import java.util.Optional;

/** The logits of a {@link TokenLaw}, made of the network's. */
public final class LawLogits {
  /** Below it a float32 loses the temperature, and what is left is the likeliest token. */
  private static final double COLDEST = Float.MIN_NORMAL;

  private LawLogits() {}

  /** Returns the logits of a law, made of the network's, float [R, V]. */
  public static NDArray of(TokenLaw law, DrawKernels kernels, NDManager scope, NDArray logits) {
    NDArray made = temper(law.temperature(), kernels, scope, logits);
    LogitCuts cuts = new KernelCuts(kernels);
    for (TokenLaw.Truncation truncation : law.truncations()) {
      made = truncation.cut(cuts, scope, made);
    }
    return made;
  }

  /**
   * Returns the temperature by which alone a law is made of the network's, 0 where only the
   * likeliest tokens are left; empty where something is cut.
   */
  static Optional<Double> temperature(TokenLaw law) {
    double own = law.temperature() < COLDEST ? 0 : law.temperature();
    return Optional.of(own).filter(each -> law.truncations().isEmpty());
  }

  private static NDArray temper(
      double temperature, DrawKernels kernels, NDManager scope, NDArray logits) {
    if (temperature < COLDEST) {
      return kernels.topK(scope, logits, 1);
    }
    return temperature == 1 ? logits : kernels.temper(scope, logits, temperature);
  }
}
