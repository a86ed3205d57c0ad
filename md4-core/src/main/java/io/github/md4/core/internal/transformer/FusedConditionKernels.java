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
        Hidden.arrays(into));
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
   * A modulation: the vectors from {@code first} on, and the sums of their gradient. Those of all
   * layers stand one after another in one array.
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
   * Returns the modulations of all layers and of the head, [B, k, D] together, with an array for
   * their gradient.
   *
   * @param w the weights [., W] of each
   * @param b the biases
   */
  public Modulation modulations(NDManager scope, Hidden c, Hidden[] w, Hidden[] b) {
    NDArray values = kernels.one(scope, "modulations", c.array, Hidden.arrays(w), Hidden.arrays(b));
    return new Modulation(new Vectors(values, Optional.of(scope.zeros(values.getShape()))), 0);
  }

  /**
   * Returns k vectors of width D for each example, without an array for their gradient; w [k D, W].
   */
  public Modulation frozenModulation(NDManager scope, Hidden c, Hidden w, Hidden b) {
    NDArray values = kernels.one(scope, "modulation", c.array, w.array, b.array);
    return new Modulation(new Vectors(values, Optional.empty()), 0);
  }

  /** Returns a modulation whose vectors [B, k, D] are computed elsewhere. */
  static Modulation frozen(NDArray values) {
    return new Modulation(new Vectors(values, Optional.empty()), 0);
  }

  /**
   * Returns Dropout1d's factors of the gates of all layers, float32 [B, layers, 2, D].
   *
   * @param mask uint8 of the same shape, 0 where a channel is dropped
   */
  public NDArray gateFactors(NDManager scope, NDArray mask) {
    return kernels.one(scope, "gateFactors", mask);
  }

  /** Multiplies the gates of all layers' branches by {@link #gateFactors}. */
  public void dropGates(NDManager scope, Modulation modulations, NDArray factors) {
    kernels.change(scope, "dropGates", modulations.vectors.values(), factors);
  }

  /** Multiplies the gates' summed gradients by the same factors. */
  public void dropGatesBackward(NDManager scope, Modulation modulations, NDArray factors) {
    kernels.change(scope, "dropGates", modulations.vectors.gradients(), factors);
  }

  /**
   * Writes the gradients by the weights, then by the biases, of {@link #modulations}; returns the
   * gradient by c, float32 [B, W].
   */
  public NDArray modulationsBackward(
      NDManager scope, Modulation modulations, Hidden c, Hidden[] w, Hidden[] into) {
    return kernels.one(
        scope,
        "modulationsBackward",
        modulations.vectors.gradients(),
        c.array,
        Hidden.arrays(w),
        Hidden.arrays(into));
  }
}
