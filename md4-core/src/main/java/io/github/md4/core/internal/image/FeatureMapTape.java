// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.NormActivationKernels.Dropout;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The steps of a forward pass through feature maps, each with its backward. The backward pass runs
 * them in reverse order and frees each step's output after its backward. Outputs that can be made
 * again from others are freed earlier.
 */
final class FeatureMapTape implements Recording.Tape {
  /** The most parts of a gradient that are kept apart. */
  private static final int MOST_PARTS = 2;

  private final Autograd autograd;
  private final TorchScript script;
  private final NDManager scope;
  private final long seed;
  private final double dropout;
  private final NDList ofCondition;
  private final Deque<Node> steps = new ArrayDeque<>();
  private final IdentityHashMap<Hidden, Function<NDManager, NDArray>> again =
      new IdentityHashMap<>();

  /** The condition, once it has been used. */
  private NDArray condition;

  /**
   * @param script has {@code added}, {@code zeros} and {@code accumulated}
   * @param scope takes the arrays that the backward pass needs
   * @param seed of dropout
   * @param dropout rate of dropout
   * @param ofCondition the parameters that the condition is computed from; empty without a
   *     condition
   */
  FeatureMapTape(
      Autograd autograd,
      TorchScript script,
      NDManager scope,
      long seed,
      double dropout,
      NDList ofCondition) {
    this.autograd = autograd;
    this.script = script;
    this.scope = scope;
    this.seed = seed;
    this.dropout = dropout;
    this.ofCondition = ofCondition;
  }

  /** The backward of a step. */
  @FunctionalInterface
  interface Step {
    /**
     * Computes the gradients by the step's inputs from the gradient by its output.
     *
     * @param gradient by the output; closed afterwards unless it is passed on
     */
    void backward(Backward backward, NDArray gradient);
  }

  private record Node(Hidden output, Step step) {}

  /** Returns the manager of the arrays that the backward pass needs. */
  NDManager scope() {
    return scope;
  }

  /** Returns the dropout of the next step. */
  Dropout drop() {
    return new Dropout(dropout, (seed << Integer.SIZE) + steps.size());
  }

  /** Notes the condition, float32 [B, D], as an input of the network. */
  void useCondition(NDArray c) {
    if (condition != c) {
      c.attach(scope);
      condition = c;
    }
  }

  /** Adds a step; returns its output, which from now on belongs to the tape. */
  Hidden add(NDArray output, Step step) {
    output.attach(scope);
    Hidden kept = Hidden.borrowed(output);
    steps.push(new Node(kept, step));
    return kept;
  }

  /**
   * Adds a step whose output can be made again, so that it need not be kept until its backward.
   *
   * @param again makes the output in a scope
   */
  Hidden add(NDArray output, Step step, Function<NDManager, NDArray> again) {
    Hidden map = add(output, step);
    this.again.put(map, again);
    return map;
  }

  /** Frees a map that is read no more until the backward pass, if it can be made again. */
  void forget(Hidden map) {
    if (again.containsKey(map)) {
      map.array.close();
    }
  }

  /** Returns a map's values in the backward pass; those that are made again belong to a scope. */
  NDArray values(NDManager of, Hidden map) {
    Function<NDManager, NDArray> maker = again.get(map);
    return maker == null ? map.array : maker.apply(of);
  }

  /** Adds the last step; its output stays the caller's. */
  void addLast(NDArray output, Step step) {
    steps.push(new Node(Hidden.borrowed(output), step));
  }

  @Override
  public void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into) {
    autograd.zero(into);
    Backward backward = new Backward(parameters, into);
    Node last = steps.element();
    if (last.output.array != output) {
      throw new IllegalArgumentException("the output is not that of the last step");
    }
    backward.throughLast(gradient);
    while (!steps.isEmpty()) {
      backward.through(steps.pop());
    }
    if (backward.byCondition != null) {
      NDList given = new NDList(backward.byCondition);
      autograd
          .gradients(new NDList(condition), given, ofCondition, backward.into(ofCondition))
          .close();
    }
  }

  /** A backward pass, with the gradients that are known so far. */
  final class Backward {
    private final IdentityHashMap<NDArray, NDArray> places = new IdentityHashMap<>();
    private final IdentityHashMap<Hidden, List<NDArray>> known = new IdentityHashMap<>();
    private NDArray byCondition;
    private NDManager inner;

    private Backward(NDList parameters, FlatArrays into) {
      for (int i = 0; i < parameters.size(); i++) {
        places.put(parameters.get(i), into.arrays().get(i));
      }
    }

    private void through(Node node) {
      try (NDManager own = scope.newSubManager()) {
        inner = own;
        node.step.backward(this, take(node.output).orElseThrow());
      }
      node.output.array.close();
    }

    private void throughLast(NDArray gradient) {
      try (NDManager own = scope.newSubManager()) {
        inner = own;
        steps.pop().step.backward(this, gradient);
      }
    }

    /** Returns the manager of the arrays that only the current step needs. */
    NDManager scope() {
      return inner;
    }

    /** Returns the array for the gradient by a parameter. */
    NDArray into(NDArray parameter) {
      return places.get(parameter);
    }

    /** Returns the arrays for the gradients by parameters. */
    NDList into(NDList parameters) {
      NDList all = new NDList();
      parameters.forEach(parameter -> all.add(into(parameter)));
      return all;
    }

    /** Removes and returns the gradient by a map as far as it is known. */
    Optional<NDArray> take(Hidden map) {
      return takeParts(map).stream().reduce(this::sum);
    }

    /**
     * Removes and returns the known parts of the gradient by a map, {@value #MOST_PARTS} at most.
     */
    List<NDArray> takeParts(Hidden map) {
      List<NDArray> parts = known.remove(map);
      if (parts == null) {
        return List.of();
      }
      parts.forEach(part -> part.attach(inner));
      return parts;
    }

    /** Adds to the gradient by a map. */
    void add(Hidden map, NDArray gradient) {
      List<NDArray> parts = known.computeIfAbsent(map, none -> new ArrayList<>());
      if (parts.size() == MOST_PARTS) {
        NDArray last = parts.remove(MOST_PARTS - 1);
        last.attach(inner);
        parts.add(sum(last, gradient));
      } else {
        parts.add(gradient);
      }
      parts.get(parts.size() - 1).attach(FeatureMapTape.this.scope);
    }

    /** Returns the array to which the gradient by the condition is added. */
    NDArray byCondition() {
      if (byCondition == null) {
        byCondition = script.run(inner, "zeros", condition).singletonOrThrow();
        byCondition.attach(FeatureMapTape.this.scope);
      }
      return byCondition;
    }

    /** Adds to the gradient by the condition. */
    void addToCondition(NDArray gradient) {
      script.run(inner, "accumulated", byCondition(), gradient).close();
    }

    private NDArray sum(NDArray x, NDArray y) {
      return script.run(inner, "added", x, y).singletonOrThrow();
    }
  }
}
