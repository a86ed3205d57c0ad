// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The operations of an optimizer on all parameters at once, in place. */
public final class OptimizerKernels implements AutoCloseable {
  private final TorchScript script;
  private final Movement movement;
  private final Norms norms;

  /**
   * The arrays that an update changes, float32 and of the same shapes.
   *
   * @param first running mean of the gradient; {@code second}, that of its square
   * @param average of the parameters; the parameters themselves where none is kept
   */
  public record Trained(
      FlatArrays parameters, FlatArrays first, FlatArrays second, FlatArrays average) {

    /** Returns whether an update changes the average. */
    public boolean isAveraged(Numbers n) {
      return average != parameters && n.emaRate < 1;
    }
  }

  /**
   * The numbers of one update.
   *
   * @param correction1 {@code 1 - beta1^k} at the k-th update; likewise {@code correction2}
   * @param emaRate the average's decay; 1 leaves it unchanged
   * @param good on the device, float32: its first element is 1 to update, 0 to change nothing;
   *     empty to update always
   */
  public record Numbers(
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double decay,
      double correction1,
      double correction2,
      double emaRate,
      Optional<NDArray> good) {}

  /** An implementation of the update of parameters, moments and average. */
  public interface Movement {
    void move(Trained trained, FlatArrays g, Numbers n);
  }

  /** The norms of vectors, of which others may have further pieces. */
  private interface Norms {
    NDArray norm(NDManager scope, FlatArrays g);

    void clip(FlatArrays g, double bound);
  }

  /** Returns kernels for any device. */
  public OptimizerKernels(NDManager parent) {
    this.script = load(parent);
    this.movement = this::move;
    this.norms = new OfWhole();
  }

  public OptimizerKernels(NDManager parent, Movement movement) {
    this.script = load(parent);
    this.movement = movement;
    this.norms = new OfWhole();
  }

  /**
   * Returns kernels for vectors of which this process has a piece.
   *
   * @param total returns the sum of a number over all processes
   */
  public static OptimizerKernels ofPieces(
      NDManager parent, Optional<Movement> movement, UnaryOperator<NDArray> total) {
    return new OptimizerKernels(load(parent), movement, total);
  }

  private OptimizerKernels(
      TorchScript script, Optional<Movement> movement, UnaryOperator<NDArray> total) {
    this.script = script;
    this.movement = movement.orElse(this::move);
    this.norms = new OfPieces(total);
  }

  private final class OfWhole implements Norms {
    @Override
    public NDArray norm(NDManager scope, FlatArrays g) {
      return script.run(scope, "norm", g.whole()).singletonOrThrow();
    }

    @Override
    public void clip(FlatArrays g, double bound) {
      change("clipByNorm", g.whole(), bound);
    }
  }

  private final class OfPieces implements Norms {
    private final UnaryOperator<NDArray> total;

    OfPieces(UnaryOperator<NDArray> total) {
      this.total = total;
    }

    @Override
    public NDArray norm(NDManager scope, FlatArrays g) {
      NDArray own = script.run(scope, "squareOfNorm", g.whole()).singletonOrThrow();
      return script.run(scope, "root", total.apply(own)).singletonOrThrow();
    }

    @Override
    public void clip(FlatArrays g, double bound) {
      try (NDManager scope = g.whole().getManager().newSubManager()) {
        change("clipToNorm", g.whole(), norm(scope, g), bound);
      }
    }
  }

  private static TorchScript load(NDManager parent) {
    return TorchScript.load(
        parent, Map.of(), TorchScript.resource(OptimizerKernels.class, "optimizer.torchscript"));
  }

  /**
   * Updates the moments, then the parameters, then their average:
   *
   * <pre>{@code
   * p <- p - rate (m^ / (sqrt(v^) + epsilon) + decay p)
   * e <- e + (1 - emaRate) (p - e)
   * }</pre>
   *
   * where hats denote division by the corrections.
   */
  public void update(Trained trained, FlatArrays g, Numbers n) {
    movement.move(trained, g, n);
  }

  private void move(Trained trained, FlatArrays g, Numbers n) {
    NDArray p = trained.parameters.whole();
    List<NDArray> good = n.good.stream().toList();
    change(
        "adamW",
        p,
        g.whole(),
        trained.first.whole(),
        trained.second.whole(),
        good,
        n.rate,
        n.beta1,
        n.beta2,
        n.epsilon,
        n.decay,
        n.correction1,
        n.correction2);
    if (trained.isAveraged(n)) {
      change("average", trained.average.whole(), p, good, n.emaRate);
    }
  }

  /** Updates {@code sum <- sum + g}. */
  public void add(FlatArrays sum, FlatArrays g) {
    change("add", sum.whole(), g.whole());
  }

  /** Copies the values of {@code from} to {@code to}, rounded where its type is narrower. */
  public void copy(FlatArrays to, FlatArrays from) {
    change("copy", to.whole(), from.whole());
  }

  /** Sets all elements to zero. */
  void zero(FlatArrays g) {
    change("zero", g.whole());
  }

  /** Clamps each element to [-bound, bound]. */
  public void clipByValue(FlatArrays g, double bound) {
    change("clipByValue", g.whole(), bound);
  }

  /** Scales all arrays to the joint norm {@code bound} where they exceed it. */
  public void clipByNorm(FlatArrays g, double bound) {
    norms.clip(g, bound);
  }

  /** Returns the joint Euclidean norm of all arrays, float32, one element. */
  public NDArray norm(NDManager scope, FlatArrays g) {
    return norms.norm(scope, g);
  }

  /** Returns the Euclidean norm of each array, float32 [arrays]. */
  public NDArray norms(NDManager scope, FlatArrays g) {
    return script.run(scope, "norms", g.arrays()).singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
  }

  private void change(String function, NDArray array, Object... others) {
    Object[] arguments = new Object[others.length + 1];
    arguments[0] = array;
    System.arraycopy(others, 0, arguments, 1, others.length);
    try (NDManager scope = array.getManager().newSubManager()) {
      script.run(scope, function, arguments).close();
    }
  }
}
