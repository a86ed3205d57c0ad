// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;

/** One way through a transformer of frozen weights; what it is given has been checked. */
interface FrozenForward extends Denoiser, AutoCloseable {

  /** As {@link Denoiser#logits}, of shapes that fit. */
  @Override
  NDArray logits(NDArray zt, Condition condition, NDArray rows);

  /** Returns a line for people: by which code it computes. */
  String description();

  @Override
  void close();
}
