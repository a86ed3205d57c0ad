// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.PointwiseKernels.Vectors;
import java.util.List;
import java.util.Optional;

/**
 * The kernels of condition and modulation, forward and backward: small products with one row for
 * each example. Shapes as in {@link FusedKernels}.
 */
public final class FusedConditionKernels {
  private final FusedKernels kernels;

  FusedConditionKernels(FusedKernels kernels) {
    this.kernels = kernels;
  }

  /**
   * The activated condition [B, W], with the arrays that its backward needs.
   *
   * @param saved the other results of the forward; the condition before its activation is last
   */
  public record Conditioned(Hidden c, List<NDArray> saved) {}

  /**
   * Returns {@code act(w2 swish(w1 features + b1) + b2)}.
   *
   * @param features float32 [B, W] or, with classes, [B, 2 W]
   * @param weights w1 [4 W, .], b1, w2 [W, 4 W], b2, float32
   */
  public Conditioned condition(NDManager scope, NDArray features, NDList weights) {
    return conditioned(
        kernels.run(
            scope,
            "activatedCondition",
            features,
            weights.get(0),
            weights.get(1),
            weights.get(2),
            weights.get(3)));
  }

  /** Writes the gradients by the weights; returns the gradient by the features, float32. */
  public NDArray conditionBackward(
      NDManager scope, NDArray dc, Conditioned forward, NDList featuresAndW, Hidden[] into) {
    return kernels.one(
        scope,
        "conditionBackward",
        dc,
        forward.saved.get(0),
        forward.saved.get(1),
        forward.saved.get(2),
        featuresAndW.get(0),
        featuresAndW.get(1),
        featuresAndW.get(2),
        FusedKernels.list(into));
  }

  /** Returns the time features with each example's class appended, float32 [B, 2 W]. */
  public NDArray withClass(NDManager scope, NDArray features, NDArray labels, NDArray table) {
    return kernels.one(scope, "withClass", features, labels, table);
  }

  /** Returns {@code act(c)}, c the class embedding of labels int64 [B]. */
  public Conditioned classCondition(NDManager scope, NDArray labels, NDArray table) {
    return conditioned(kernels.run(scope, "classCondition", labels, table));
  }

  /** Returns the gradient by the class embedding, float32 [B, W]. */
  public NDArray classConditionBackward(NDManager scope, NDArray dc, Conditioned forward) {
    return kernels.one(scope, "classConditionBackward", dc, forward.saved.get(0));
  }

  /**
   * Writes the gradient by the classes' table, given the gradient by its rows in the last columns.
   */
  public void classBackward(NDManager scope, NDArray gradient, NDArray labels, Hidden into) {
    kernels.change(scope, "classBackward", gradient, labels, into.array);
  }

  private static Conditioned conditioned(NDList made) {
    return new Conditioned(new Hidden(made.get(0)), List.copyOf(made.subList(1, made.size())));
  }

  /**
   * The modulation of one layer: the vectors from {@code first} on, and the sums of their gradient.
   */
  public static final class Modulation {
    final Vectors vectors;
    final int first;

    private Modulation(Vectors vectors, int first) {
      this.vectors = vectors;
      this.first = first;
    }

    /** Returns the modulation that starts {@code index} vectors later. */
    public Modulation from(int index) {
      return new Modulation(vectors, first + index);
    }
  }

  /**
   * Returns k vectors of width D for each example, with an array for their gradient; w [k D, W].
   */
  public Modulation modulation(NDManager scope, Hidden c, Hidden w, Hidden b) {
    NDArray values = values(scope, c, w, b);
    return new Modulation(new Vectors(values, Optional.of(scope.zeros(values.getShape()))), 0);
  }

  /** Returns the vectors of {@link #modulation} without an array for their gradient. */
  public Modulation frozenModulation(NDManager scope, Hidden c, Hidden w, Hidden b) {
    return new Modulation(new Vectors(values(scope, c, w, b), Optional.empty()), 0);
  }

  /** Returns a modulation whose vectors [B, k, D] are computed elsewhere. */
  static Modulation frozen(NDArray values) {
    return new Modulation(new Vectors(values, Optional.empty()), 0);
  }

  private NDArray values(NDManager scope, Hidden c, Hidden w, Hidden b) {
    return kernels.one(scope, "modulation", c.array, w.array, b.array);
  }

  /**
   * Returns Dropout1d's factors of the gates of all layers, float32 [B, layers, 2, D].
   *
   * @param mask uint8 of the same shape, 0 where a channel is dropped
   */
  public NDArray gateFactors(NDManager scope, NDArray mask) {
    return kernels.one(scope, "gateFactors", mask);
  }

  /** Multiplies the gates of a layer's two branches by {@link #gateFactors}. */
  public void dropGates(NDManager scope, Modulation modulation, NDArray factors, int layer) {
    kernels.change(scope, "dropGates", modulation.vectors.values(), factors, layer);
  }

  /** Multiplies the gates' summed gradients by the same factors. */
  public void dropGatesBackward(
      NDManager scope, Modulation modulation, NDArray factors, int layer) {
    kernels.change(scope, "dropGates", modulation.vectors.gradients(), factors, layer);
  }

  /** Writes the gradients by w and b; returns the gradient by c, float32 [B, W]. */
  public NDArray modulationBackward(
      NDManager scope, Modulation modulation, Hidden c, Hidden w, Hidden[] into) {
    return kernels.one(
        scope,
        "modulationBackward",
        modulation.vectors.gradients(),
        c.array,
        w.array,
        FusedKernels.list(into));
  }
}
