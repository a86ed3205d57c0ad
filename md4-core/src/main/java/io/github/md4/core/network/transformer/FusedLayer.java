// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedKernels.Branch;
import io.github.md4.core.internal.transformer.FusedKernels.BranchNorm;
import io.github.md4.core.internal.transformer.FusedKernels.Gated;
import io.github.md4.core.internal.transformer.FusedKernels.Modulated;
import io.github.md4.core.internal.transformer.FusedKernels.ModulatedGradients;
import io.github.md4.core.internal.transformer.FusedKernels.ResidualGradients;
import io.github.md4.core.internal.transformer.Rows;
import java.util.Optional;

/**
 * One block, forward and backward.
 *
 * <p>With s, t the shifts and scales of the modulation and g its gates:
 *
 * <pre>{@code
 * h1 = h + g_before * before      a1 = LN(h1) (1 + t_a) + s_a      p = attention(a1)
 * h2 = h1 + g_a * p               a2 = LN(h2) (1 + t_m) + s_m      y = feedForward(a2)
 * }</pre>
 *
 * and the next block begins with h2, y and g_m. After the attention only {@code rows} are computed;
 * in the last block these are the rows of the head.
 */
final class FusedLayer {
  static final String PROJECTIONS = "attention.qkv.weight";
  static final String ATTENTION_OUT = "attention.out.weight";
  static final String FEED_FORWARD_IN = "feedForward.in.weight";
  static final String FEED_FORWARD_OUT = "feedForward.out.weight";
  static final int ATTENTION_SHIFT = 0;
  static final int ATTENTION_GATE = 2;
  static final int FEED_FORWARD_SHIFT = 3;
  static final int FEED_FORWARD_GATE = 5;

  private final FusedKernels kernels;
  private final FusedWeights weights;
  private final String name;
  private final Modulation modulation;
  private final Positions positions;

  /**
   * The positions of a block: all, and those computed after the attention.
   *
   * @param seed of the attention's dropout, if there is any
   */
  record Positions(Rows all, Rows rows, NDList rotary, int seed) {
    /** Makes the positions of a block without dropout. */
    Positions(Rows all, Rows rows, NDList rotary) {
      this(all, rows, rotary, 0);
    }

    boolean isChosen() {
      return rows.isChosen();
    }
  }

  FusedLayer(
      FusedKernels kernels,
      FusedWeights weights,
      int layer,
      Modulation modulation,
      Positions positions) {
    this.kernels = kernels;
    this.weights = weights;
    this.name = "layers." + layer + ".";
    this.modulation = modulation;
    this.positions = positions;
  }

  /** The activations of a block that its backward reads. */
  record Activations(
      Modulated attentionIn, Attention attention, Modulated feedForwardIn, Inner inner) {}

  /**
   * The activations of the attention branch.
   *
   * @param output p
   */
  record Attention(AttendedRows rows, Hidden output) {}

  /**
   * The activations of the feed-forward branch.
   *
   * @param gated [N, F]
   * @param output y
   */
  record Inner(Gated gated, Hidden output) {}

  /**
   * The checkpoint of a block, from which its activations are computed again.
   *
   * @param stream h1, {@code output}, y
   */
  record Checkpoint(Hidden stream, Hidden output) {}

  /** Returns the name of the first parameter after those of a block's modulation. */
  static String first(int layer) {
    return "layers." + layer + "." + PROJECTIONS;
  }

  /** Returns the output y as the branch that the next block adds. */
  Branch branch(Hidden output) {
    return new Branch(output, modulation, FEED_FORWARD_GATE);
  }

  Activations forward(NDManager scope, Hidden h, Optional<Branch> before) {
    return from(scope, kernels.residualNormModulate(scope, h, before, attentionNorm()));
  }

  /** Returns the activations of a forward pass, computed again from its checkpoint. */
  Activations recompute(NDManager scope, Checkpoint checkpoint) {
    return from(
        scope,
        kernels.residualNormModulate(scope, checkpoint.stream, Optional.empty(), attentionNorm()));
  }

  /** Computes the block from its modulated input on. */
  private Activations from(NDManager scope, Modulated attentionIn) {
    AttendedRows rows =
        AttendedRows.of(
            scope, kernels, positions, attentionIn.input(), weights.copy(name + PROJECTIONS));
    Hidden p = kernels.product(scope, rows.output(), weights.copy(name + ATTENTION_OUT));
    Attention attention = new Attention(rows, p);
    Modulated feedForwardIn =
        kernels.residualNormModulate(
            scope, attentionIn.stream(), Optional.of(gated(attention)), feedForwardNorm());
    Gated g =
        kernels.gatedProduct(scope, feedForwardIn.input(), weights.copy(name + FEED_FORWARD_IN));
    Hidden y = kernels.product(scope, g.output(), weights.copy(name + FEED_FORWARD_OUT));
    return new Activations(attentionIn, attention, feedForwardIn, new Inner(g, y));
  }

  /** The gradients by a block's last stream h2, and by its output y. */
  record BlockGradients(Hidden stream, Hidden output) {}

  /**
   * Writes the gradients by the block's products and adds to those by its modulation; returns the
   * gradients by h and by the output of the block before.
   */
  ResidualGradients backward(
      NDManager outer, Activations activations, BlockGradients following, Optional<Branch> before) {
    try (NDManager scope = outer.newSubManager()) {
      Hidden da2 = feedForwardBackward(scope, activations, following.output);
      ResidualGradients atAttention =
          kernels.residualNormModulateBackward(
              scope,
              new ModulatedGradients(da2, Optional.of(following.stream)),
              activations.feedForwardIn,
              Optional.of(gated(activations.attention)),
              feedForwardNorm());
      Hidden da1 = attentionBackward(scope, activations, atAttention.branch().orElseThrow());
      return kernels.residualNormModulateBackward(
          outer,
          new ModulatedGradients(da1, Optional.of(atAttention.stream())),
          activations.attentionIn,
          before,
          attentionNorm());
    }
  }

  private Hidden feedForwardBackward(NDManager scope, Activations activations, Hidden dy) {
    kernels.weightGradient(
        scope, dy, activations.inner.gated.output(), weights.gradient(name + FEED_FORWARD_OUT));
    Hidden dg = kernels.inputGradient(scope, dy, weights.copy(name + FEED_FORWARD_OUT));
    Hidden du =
        kernels.gatedActivationBackward(scope, dg, activations.inner.gated.u().orElseThrow());
    dg.close();
    kernels.weightGradient(
        scope, du, activations.feedForwardIn.input(), weights.gradient(name + FEED_FORWARD_IN));
    return kernels.inputGradient(scope, du, weights.copy(name + FEED_FORWARD_IN));
  }

  private Hidden attentionBackward(NDManager scope, Activations activations, Hidden dp) {
    Attention attention = activations.attention;
    kernels.weightGradient(
        scope, dp, attention.rows.output(), weights.gradient(name + ATTENTION_OUT));
    Hidden output = kernels.inputGradient(scope, dp, weights.copy(name + ATTENTION_OUT));
    AttendedRows.Weight weight =
        new AttendedRows.Weight(
            weights.copy(name + PROJECTIONS), weights.gradient(name + PROJECTIONS));
    return attention.rows.backward(scope, output, activations.attentionIn.input(), weight);
  }

  private Branch gated(Attention attention) {
    return new Branch(attention.output, modulation, ATTENTION_GATE);
  }

  private BranchNorm attentionNorm() {
    return new BranchNorm(positions.all, modulation, ATTENTION_SHIFT);
  }

  private BranchNorm feedForwardNorm() {
    return new BranchNorm(positions.rows, modulation, FEED_FORWARD_SHIFT);
  }
}
