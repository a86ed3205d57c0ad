// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import java.util.Optional;

/** The kernels of attention, forward and backward. Shapes as in {@link FusedKernels}. */
public final class FusedAttentionKernels {
  private final FusedKernels kernels;

  FusedAttentionKernels(FusedKernels kernels) {
    this.kernels = kernels;
  }

  /** The output of attention, [N, H W] or [R, H W], with the arrays that its backward needs. */
  public static final class Attended {
    final NDList made;
    final int seed;

    Attended(NDList made, int seed) {
      this.made = made;
      this.seed = seed;
    }

    /** Returns the output. */
    public Hidden output() {
      return new Hidden(made.get(0));
    }
  }

  /** Returns queries, keys and values {@code x w^T}, [N, (H + 2 K) W], the first two rotated. */
  public Hidden project(NDManager scope, Hidden x, Hidden w, NDList rotary, Rows all) {
    return kernels
        .products()
        .flatMap(own -> own.rotated(scope, x.array, w.array, rotary))
        .map(Hidden::new)
        .orElseGet(
            () -> {
              Hidden qkv = kernels.product(scope, x, w);
              kernels.pointwise().rotate(qkv.array, rotary, all.length());
              return qkv;
            });
  }

  /**
   * Returns the attention of rotated queries and keys.
   *
   * @param qkv [N, (H + 2 K) W]
   * @param seed of the attention's dropout, if there is any
   */
  public Attended attend(NDManager scope, Hidden qkv, Rows all, int seed) {
    return new Attended(
        kernels.attentionKernels().attend(scope, qkv.array, all.length(), seed), seed);
  }

  /**
   * Returns the kernels where only chosen rows have queries; empty where that is not faster or not
   * possible.
   */
  public Optional<ChosenAttentionKernels> ofChosen(Rows rows) {
    boolean isListed = rows.chosen().flatMap(Rows.Chosen::tiles).isPresent() && rows.count() > 0;
    return isListed
        ? kernels
            .attentionKernels()
            .chosenQueries()
            .flatMap(
                attention ->
                    kernels
                        .pointwise()
                        .chosenRows()
                        .map(passes -> new ChosenAttentionKernels(kernels, attention, passes)))
        : Optional.empty();
  }

  /** Returns the gradient by queries, keys and values before the rotation. */
  public Hidden attendBackward(
      NDManager scope, Hidden gradient, Hidden qkv, Attended forward, NDList rotary) {
    return new Hidden(
        kernels
            .attentionKernels()
            .attendBackward(scope, gradient.array, qkv.array, forward.made, rotary, forward.seed));
  }
}
