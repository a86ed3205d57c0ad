// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import java.util.List;

/** A network without its weights: the same object serves the trained and the averaged ones. */
public interface Network extends AutoCloseable {

  /** Returns its parameters, in the order in which they are filled and saved. */
  List<ParameterSpec> specs();

  /** Returns what guesses with these weights, without dropout; nothing can be differentiated. */
  Denoiser denoiser(Parameters parameters);

  /**
   * As {@link Denoiser#logits}, with dropout, and such that an open recording follows it.
   *
   * @param noise what the dropped channels are drawn from
   */
  NDArray trainingLogits(
      Parameters parameters, NDArray zt, Condition condition, NDArray rows, DropoutNoise noise);

  @Override
  void close();
}
