// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.AttentionKernels.ChosenQueries;
import io.github.md4.core.internal.transformer.FusedAttentionKernels.Attended;

/**
 * The kernels of attention where only chosen rows have queries, forward and backward: R chosen of N
 * rows, other shapes as in {@link FusedKernels}.
 */
public final class ChosenAttentionKernels {
  private final FusedKernels kernels;
  private final ChosenQueries attention;
  private final PointwiseKernels.ChosenRows passes;

  ChosenAttentionKernels(
      FusedKernels kernels, ChosenQueries attention, PointwiseKernels.ChosenRows passes) {
    this.kernels = kernels;
    this.attention = attention;
    this.passes = passes;
  }

  /**
   * The projections.
   *
   * @param chosen the chosen rows of the input, [R, D]
   * @param queries rotated, [R, H W]
   * @param keysAndValues the former rotated, in the last columns of [N, (H + 2 K) W]; the others
   *     are undefined
   */
  public record Projected(Hidden chosen, Hidden queries, Hidden keysAndValues) {}

  /** Returns the projections of x [N, D] by w [(H + 2 K) W, D]. */
  public Projected project(NDManager scope, Hidden x, Hidden w, NDList rotary, Rows rows) {
    Hidden chosen = kernels.rowsOf(scope, x, rows);
    NDArray q = kernels.one(scope, "queries", chosen.array, w.array);
    passes.rotateQueries(q, rotary, rows);
    NDArray qkv = kernels.one(scope, "keysAndValues", x.array, w.array);
    passes.rotateKeys(qkv, rotary, rows.length());
    return new Projected(chosen, new Hidden(q), new Hidden(qkv));
  }

  /**
   * Returns the attention of the chosen rows, [R, H W].
   *
   * @param seed of the attention's dropout, if there is any
   */
  public Attended attend(NDManager scope, Projected projected, Rows rows, int seed) {
    NDArray q = projected.queries.array;
    NDArray qkv = projected.keysAndValues.array;
    return new Attended(attention.attend(scope, q, qkv, rows, seed), seed);
  }

  /** The gradients before the rotation, by queries [R, H W] and as {@link Projected} has them. */
  public record Gradients(Hidden queries, Hidden keysAndValues) {}

  /**
   * Returns the gradients by the projections.
   *
   * @param gradient by the output, [R, H W]
   */
  public Gradients attendBackward(
      NDManager scope,
      Hidden gradient,
      Projected projected,
      Attended forward,
      NDList rotary,
      Rows rows) {
    ChosenQueries.Given given =
        new ChosenQueries.Given(
            projected.queries.array, projected.keysAndValues.array, rows, forward.made);
    NDList made = attention.attendBackward(scope, gradient.array, given, rotary, forward.seed);
    return new Gradients(new Hidden(made.get(0)), new Hidden(made.get(1)));
  }

  /** Writes the gradient by the projections' weight. */
  public void weightGradient(
      NDManager scope, Gradients gradients, Projected projected, Hidden x, Hidden into) {
    kernels.change(
        scope,
        "chosenWeightGradient",
        gradients.queries.array,
        projected.chosen.array,
        gradients.keysAndValues.array,
        x.array,
        into.array);
  }

  /** Returns the gradient by the projections' input, [N, D]. */
  public Hidden inputGradient(NDManager scope, Gradients gradients, Hidden w, Rows rows) {
    NDArray all =
        kernels.one(scope, "keysAndValuesInputGradient", gradients.keysAndValues.array, w.array);
    NDArray ofQueries =
        kernels.one(scope, "queriesInputGradient", gradients.queries.array, w.array);
    passes.addRows(ofQueries, rows, all);
    return new Hidden(all);
  }
}
