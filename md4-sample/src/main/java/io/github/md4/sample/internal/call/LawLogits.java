// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.sample.law.LogitCuts;
import io.github.md4.sample.law.TokenLaw;
import java.util.List;
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
   * Returns a draw from a law, whose temperature is 0 where only the likeliest tokens are left;
   * empty where a truncation is none of {@link Inversion.Cut}.
   */
  static Optional<Inversion> inversion(TokenLaw law, Confidence confidence, Inversion.Told told) {
    double temperature = law.temperature() < COLDEST ? 0 : law.temperature();
    List<Inversion.Cut> cuts =
        law.truncations().stream()
            .flatMap(each -> each.kept().stream())
            .map(LawLogits::cut)
            .toList();
    return cuts.size() == law.truncations().size()
        ? Optional.of(new Inversion(confidence, temperature, told, cuts))
        : Optional.empty();
  }

  private static Inversion.Cut cut(TokenLaw.Kept kept) {
    return new Inversion.Cut(kept.most(), kept.mass());
  }

  private static NDArray temper(
      double temperature, DrawKernels kernels, NDManager scope, NDArray logits) {
    if (temperature < COLDEST) {
      return kernels.topK(scope, logits, 1);
    }
    return temperature == 1 ? logits : kernels.temper(scope, logits, temperature);
  }
}
