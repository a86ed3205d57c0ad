// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.TransformerKernels;

/** A block of the transformer with its weights and its modulation. */
sealed interface Block {

  /** Returns the residual stream after the attention branch, h [B, L, D]. */
  Hidden attention(Hidden h);

  /** Returns the residual stream after the feed-forward branch, at as many rows as h has. */
  Hidden feedForward(Hidden h);

  /** The parts of both kinds of block; all belong to {@code scope} or outlive it. */
  record Common(
      NDManager scope,
      TransformerKernels kernels,
      Hidden mask,
      NDList attention,
      NDList feedForward) {}

  /** A block with modulated LayerNorm. */
  record Adaptive(Common common, Hidden modulation) implements Block {
    @Override
    public Hidden attention(Hidden h) {
      return common.kernels.adaptiveAttention(
          common.scope, h, modulation, common.mask, common.attention);
    }

    @Override
    public Hidden feedForward(Hidden h) {
      return common.kernels.adaptiveFeedForward(
          common.scope, h, modulation, common.mask, common.feedForward);
    }
  }

  /** A block with RMSNorm and a learned scale. */
  record Plain(Common common, NDArray attentionNorm, NDArray feedForwardNorm) implements Block {
    @Override
    public Hidden attention(Hidden h) {
      return common.kernels.plainAttention(
          common.scope, h, attentionNorm, common.mask, common.attention);
    }

    @Override
    public Hidden feedForward(Hidden h) {
      return common.kernels.plainFeedForward(
          common.scope, h, feedForwardNorm, common.mask, common.feedForward);
    }
  }
}
