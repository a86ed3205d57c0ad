// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.NormActivationKernels.Drop;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Optional;

/**
 * The steps of a way forward through maps, each with its own way back; those are gone in the
 * reverse order, and what a step has left is given up as soon as its way back is done.
 */
public final class FeatureMapTape implements Recording.Tape {
  private final Autograd autograd;
  private final TorchScript script;
  private final NDManager scope;
  private final long seed;
  private final double dropout;
  private final NDList ofCondition;
  private final Deque<Made> steps = new ArrayDeque<>();

  /** What the network is told, once it has been used. */
  private NDArray condition;

  /**
   * @param script has {@code added}
   * @param scope takes what is kept for the way back
   * @param seed of what is dropped
   * @param dropout its rate
   * @param ofCondition the parameters that the condition is made of; none where there is no
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

  /** A step's way back. */
  @FunctionalInterface
  interface Step {
    /**
     * Hands gradients on, given that by what the step has made.
     *
     * @param gradient closed afterwards unless it was handed on
     */
    void back(Back back, NDArray gradient);
  }

  private record Made(Hidden output, Step step) {}

  /** Returns who takes what is kept. */
  NDManager scope() {
    return scope;
  }

  /** Returns what the next step drops. */
  Drop drop() {
    return new Drop(dropout, (seed << Integer.SIZE) + steps.size());
  }

  /** Takes the condition float32 [B, D], by which a gradient will be taken. */
  void told(NDArray c) {
    if (condition != c) {
      c.attach(scope);
      condition = c;
    }
  }

  /** Returns what a step has made; from now on it is the tape's. */
  Hidden add(NDArray output, Step step) {
    output.attach(scope);
    Hidden kept = Hidden.kept(output);
    steps.push(new Made(kept, step));
    return kept;
  }

  /** Notes the last step, whose output is the caller's. */
  void addLast(NDArray output, Step step) {
    steps.push(new Made(Hidden.kept(output), step));
  }

  @Override
  public void gradients(NDArray output, NDArray gradient, NDList parameters, FlatArrays into) {
    autograd.zero(into);
    Back back = new Back(parameters, into);
    Made last = steps.element();
    if (last.output.array != output) {
      throw new IllegalArgumentException("the output is not what the last step has made");
    }
    back.throughLast(gradient);
    while (!steps.isEmpty()) {
      back.through(steps.pop());
    }
    if (back.byCondition != null) {
      NDList given = new NDList(back.byCondition);
      autograd.gradients(new NDList(condition), given, ofCondition, back.into(ofCondition)).close();
    }
  }

  /** The way back, with the gradients that are known so far. */
  final class Back {
    private final IdentityHashMap<NDArray, NDArray> places = new IdentityHashMap<>();
    private final IdentityHashMap<Hidden, NDArray> known = new IdentityHashMap<>();
    private NDArray byCondition;
    private NDManager inner;

    private Back(NDList parameters, FlatArrays into) {
      for (int i = 0; i < parameters.size(); i++) {
        places.put(parameters.get(i), into.arrays().get(i));
      }
    }

    private void through(Made made) {
      try (NDManager own = scope.newSubManager()) {
        inner = own;
        made.step.back(this, take(made.output).orElseThrow());
      }
      made.output.array.close();
    }

    private void throughLast(NDArray gradient) {
      try (NDManager own = scope.newSubManager()) {
        inner = own;
        steps.pop().step.back(this, gradient);
      }
    }

    /** Returns who takes what only the current step needs. */
    NDManager scope() {
      return inner;
    }

    /** Returns where the gradient by a parameter is written. */
    NDArray into(NDArray parameter) {
      return places.get(parameter);
    }

    /** Returns where the gradients by parameters are written. */
    NDList into(NDList parameters) {
      NDList all = new NDList();
      parameters.forEach(parameter -> all.add(into(parameter)));
      return all;
    }

    /** Returns what is known of the gradient by a map, and forgets it. */
    Optional<NDArray> take(Hidden map) {
      Optional<NDArray> found = Optional.ofNullable(known.remove(map));
      found.ifPresent(gradient -> gradient.attach(inner));
      return found;
    }

    /** Adds to the gradient by a map. */
    void add(Hidden map, NDArray gradient) {
      known.put(map, take(map).map(before -> sum(before, gradient)).orElse(gradient));
      known.get(map).attach(FeatureMapTape.this.scope);
    }

    /** Adds to the gradient by the condition. */
    void addToCondition(NDArray gradient) {
      byCondition = byCondition == null ? gradient : sum(byCondition, gradient);
      byCondition.attach(FeatureMapTape.this.scope);
    }

    private NDArray sum(NDArray x, NDArray y) {
      return script.run(inner, "added", x, y).singletonOrThrow();
    }
  }
}
