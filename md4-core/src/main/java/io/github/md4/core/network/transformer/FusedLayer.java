// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedKernels.Attended;
import io.github.md4.core.internal.transformer.FusedKernels.Branch;
import io.github.md4.core.internal.transformer.FusedKernels.Entered;
import io.github.md4.core.internal.transformer.FusedKernels.Known;
import io.github.md4.core.internal.transformer.FusedKernels.Left;
import io.github.md4.core.internal.transformer.FusedKernels.Start;
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
 * and the block after this one begins with h2, y and g_m. From the attention on, only {@code rows}
 * are computed, which in the last block are those that are asked for.
 */
final class FusedLayer {
  private static final int ATTENTION_SHIFT = 0;
  private static final int ATTENTION_GATE = 2;
  private static final int FEED_FORWARD_SHIFT = 3;
  private static final int FEED_FORWARD_GATE = 5;

  private final FusedKernels kernels;
  private final FusedWeights weights;
  private final String name;
  private final Modulation modulation;
  private final Places places;

  /**
   * Where a block works: all positions, and those that are computed after the attention.
   *
   * @param seeds is run before each attention
   */
  record Places(Rows all, Rows rows, NDList rotary, Runnable seeds) {
    /** Places of a block in which nothing is dropped. */
    Places(Rows all, Rows rows, NDList rotary) {
      this(all, rows, rotary, () -> {});
    }

    boolean isPicking() {
      return rows.isChosen();
    }
  }

  FusedLayer(
      FusedKernels kernels, FusedWeights weights, int layer, Modulation modulation, Places places) {
    this.kernels = kernels;
    this.weights = weights;
    this.name = "layers." + layer + ".";
    this.modulation = modulation;
    this.places = places;
  }

  /** What a block has computed and its backward reads. */
  record Tape(Entered attentionIn, Attention attention, Entered feedForwardIn, Inner inner) {}

  /**
   * @param picked the attention's output at the computed rows
   * @param output p
   */
  record Attention(Hidden qkv, Attended attended, Hidden picked, Hidden output) {}

  /**
   * @param u [N, 2 F]
   * @param gated [N, F]
   * @param output y
   */
  record Inner(Hidden u, Hidden gated, Hidden output) {}

  /**
   * What is enough to compute a tape again.
   *
   * @param stream h1, {@code output}, y
   */
  record Kept(Hidden stream, Hidden output) {}

  Modulation modulation() {
    return modulation;
  }

  /** Returns the output y of a forward as the next block takes it. */
  Branch branch(Hidden output) {
    return new Branch(output, modulation, FEED_FORWARD_GATE);
  }

  Tape forward(NDManager scope, Hidden h, Optional<Branch> before) {
    return from(scope, kernels.enter(scope, h, before, attentionStart()));
  }

  /** Returns what a forward has computed, from what was kept of it. */
  Tape again(NDManager scope, Kept kept) {
    return from(scope, kernels.enter(scope, kept.stream, Optional.empty(), attentionStart()));
  }

  /** Goes on from where the block has been entered. */
  private Tape from(NDManager scope, Entered attentionIn) {
    Hidden qkv =
        kernels.product(scope, attentionIn.input(), weights.copy(name + "attention.qkv.weight"));
    places.seeds.run();
    Attended attended = kernels.attend(scope, qkv, places.rotary, places.all);
    Hidden picked =
        places.isPicking()
            ? kernels.rowsOf(scope, attended.output(), places.rows)
            : attended.output();
    Hidden p = kernels.product(scope, picked, weights.copy(name + "attention.out.weight"));
    Attention attention = new Attention(qkv, attended, picked, p);
    Entered feedForwardIn =
        kernels.enter(
            scope, attentionIn.stream(), Optional.of(gated(attention)), feedForwardStart());
    Hidden u =
        kernels.product(scope, feedForwardIn.input(), weights.copy(name + "feedForward.in.weight"));
    Hidden g = kernels.gate(scope, u);
    Hidden y = kernels.product(scope, g, weights.copy(name + "feedForward.out.weight"));
    return new Tape(attentionIn, attention, feedForwardIn, new Inner(u, g, y));
  }

  /** The gradients by a block's last stream h2, and by its output y. */
  record After(Hidden stream, Hidden output) {}

  /**
   * Writes the gradients by the block's products and adds to those by its modulation; returns the
   * gradients by h and by the output of the block before.
   */
  Left backward(NDManager outer, Tape tape, After after, Optional<Branch> before) {
    try (NDManager scope = outer.newSubManager()) {
      Hidden da2 = feedForwardBack(scope, tape, after.output);
      Left atAttention =
          kernels.leave(
              scope,
              new Known(da2, Optional.of(after.stream)),
              tape.feedForwardIn,
              Optional.of(gated(tape.attention)),
              feedForwardStart());
      Hidden da1 = attentionBack(scope, tape, atAttention.branch().orElseThrow());
      return kernels.leave(
          outer,
          new Known(da1, Optional.of(atAttention.stream())),
          tape.attentionIn,
          before,
          attentionStart());
    }
  }

  private Hidden feedForwardBack(NDManager scope, Tape tape, Hidden dy) {
    kernels.weightGradient(
        scope, dy, tape.inner.gated, weights.gradient(name + "feedForward.out.weight"));
    Hidden u = tape.inner.u;
    try (Hidden dg =
        kernels.inputGradient(scope, dy, weights.copy(name + "feedForward.out.weight"))) {
      kernels.gateBack(dg, u);
    }
    kernels.weightGradient(
        scope, u, tape.feedForwardIn.input(), weights.gradient(name + "feedForward.in.weight"));
    return kernels.inputGradient(scope, u, weights.copy(name + "feedForward.in.weight"));
  }

  private Hidden attentionBack(NDManager scope, Tape tape, Hidden dp) {
    Attention attention = tape.attention;
    kernels.weightGradient(
        scope, dp, attention.picked, weights.gradient(name + "attention.out.weight"));
    Hidden output = kernels.inputGradient(scope, dp, weights.copy(name + "attention.out.weight"));
    Hidden everywhere = places.isPicking() ? kernels.scattered(scope, output, places.rows) : output;
    Hidden dqkv =
        kernels.attendBack(scope, everywhere, attention.qkv, attention.attended, places.rotary);
    kernels.weightGradient(
        scope, dqkv, tape.attentionIn.input(), weights.gradient(name + "attention.qkv.weight"));
    return kernels.inputGradient(scope, dqkv, weights.copy(name + "attention.qkv.weight"));
  }

  private Branch gated(Attention attention) {
    return new Branch(attention.output, modulation, ATTENTION_GATE);
  }

  private Start attentionStart() {
    return new Start(places.all, modulation, ATTENTION_SHIFT);
  }

  private Start feedForwardStart() {
    return new Start(places.rows, modulation, FEED_FORWARD_SHIFT);
  }
}
