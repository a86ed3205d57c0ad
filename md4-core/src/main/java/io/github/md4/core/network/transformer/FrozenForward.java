// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;

/**
 * An implementation of the forward pass of a transformer with frozen weights; its inputs have been
 * checked.
 */
interface FrozenForward extends Denoiser, AutoCloseable {

  /** Returns {@link Denoiser#logits} for checked inputs. */
  @Override
  NDArray logits(NDArray zt, Condition condition, NDArray rows);

  /** Returns a line that names the code that computes it. */
  String description();

  @Override
  void close();
}
