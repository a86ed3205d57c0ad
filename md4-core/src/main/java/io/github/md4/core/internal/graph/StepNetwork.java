// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.StepInputs;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepSize;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;

/** A network whose steps of sampling are recorded whole, from the host's inputs to its draws. */
public interface StepNetwork extends AutoCloseable {
  /** Returns the kernels of the beginning and the end of a step. */
  StepKernels kernels();

  /** Returns F, the number of an example's features that the host writes. */
  int features();

  /** Returns V. */
  int vocabularySize();

  /** Returns whether steps of a size are recorded. */
  default boolean takes(StepSize size) {
    return true;
  }

  /** Returns how many logits a graph of a size keeps: all of its own. */
  default long keptLogits(StepSize size) {
    return (long) size.shownRows() * vocabularySize();
  }

  /** Makes what passes of a length share, which outlives a step. */
  default void prepare(int length) {}

  /** Returns a number that changes when the memory of earlier passes is no longer in use. */
  default int generation() {
    return 0;
  }

  /** Returns the pass of steps of a size; its arrays belong to {@code scope}. */
  Pass pass(NDManager scope, StepSize size);

  /** Frees the kernels, if they are its own; not its weights. */
  @Override
  void close();

  /**
   * What a step does before its draws.
   *
   * @param inputs where the step takes its inputs over
   * @param logits takes them over and computes the logits of the asked rows, [S R, V], in bfloat16,
   *     padded to a multiple of 8 columns
   */
  record Pass(StepInputs inputs, Function<StepKernels.Exchange, Hidden> logits) {
    /**
     * Returns the pass of a network that computes all but the inputs itself. What it makes but the
     * logits is freed at once, and those by the next call.
     */
    public static Pass of(NDManager scope, StepNetwork network, StepSize size, Launches launches) {
      int mask = network.vocabularySize();
      StepInputs inputs = new StepInputs(scope, size, mask);
      NDArray features =
          scope.zeros(new Shape(size.shownExamples(), Math.max(1, network.features())));
      Deque<NDManager> ofLogits = new ArrayDeque<>();
      return new Pass(
          inputs,
          exchange -> {
            network.kernels().take(exchange, inputs, features, mask);
            ofLogits.forEach(NDManager::close); // of the pass before, which was not recorded
            ofLogits.clear();
            ofLogits.add(scope.newSubManager());
            try (NDManager inner = scope.newSubManager()) {
              Hidden logits = launches.logits(inner, inputs, features);
              logits.attach(ofLogits.element());
              return logits;
            }
          });
    }
  }

  /** What a network launches between the inputs of a step and its draws. */
  @FunctionalInterface
  interface Launches {
    /**
     * Returns the logits of the asked rows, [S R, V], as in {@link Pass}.
     *
     * @param scope takes all arrays
     * @param features of the examples of all views, float32 [S E, F], and F at least 1
     */
    Hidden logits(NDManager scope, StepInputs inputs, NDArray features);
  }
}
