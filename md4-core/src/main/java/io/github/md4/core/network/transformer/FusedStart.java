// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedUploads.Batch;

/** The part of the hand-written pass before its blocks, forward and backward. */
interface FusedStart {

  /** Returns the residual stream [N, D] of all positions. */
  Hidden forward(NDManager scope, Batch batch);

  /** Writes the gradients, given that by the residual stream. */
  void backward(NDManager scope, Hidden dh, Batch batch);
}
