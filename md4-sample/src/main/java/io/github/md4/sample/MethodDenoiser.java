// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.PromptGuidedDenoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SampleRequest;

/** The form of a network that a sampling method reads. */
final class MethodDenoiser {
  private MethodDenoiser() {}

  /**
   * Returns the network of a request: with the logit of the mask and with guidance by the prompt
   * where the method wants them.
   *
   * @throws IllegalArgumentException with guidance, unless all sequences have the same positions
   *     given
   */
  static Denoiser of(
      SamplingMethod method, Denoiser network, TokenSpace space, SampleRequest request) {
    Denoiser denoiser = method.readsMask() ? network.withMaskColumn() : network;
    double scale = method.promptGuidance();
    if (scale == 0) {
      return denoiser;
    }
    int mask = space.maskToken();
    int[] first = request.sequences().get(0).zt();
    boolean[] isGiven = new boolean[first.length];
    for (int n = 0; n < first.length; n++) {
      isGiven[n] = first[n] != mask;
    }
    for (InitialSequence each : request.sequences()) {
      for (int n = 0; n < isGiven.length; n++) {
        require(
            (each.zt()[n] != mask) == isGiven[n],
            "with guidance, sequences of a length must have the same positions given, but not",
            n);
      }
    }
    return new PromptGuidedDenoiser(denoiser, mask, scale, isGiven);
  }
}
