// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.graph.StepNetwork;
import io.github.md4.core.internal.transformer.StepInputs;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepSize;
import io.github.md4.core.internal.transformer.TransformerStepKernels;

/** The steps of a transformer with frozen weights. */
record TransformerSteps(FusedForward forward, TransformerStepKernels own) implements StepNetwork {
  @Override
  public StepKernels kernels() {
    return own;
  }

  @Override
  public int features() {
    return forward.stepWeights().features();
  }

  @Override
  public int vocabularySize() {
    return forward.vocabularySize();
  }

  /** None: the graphs share the memory of a pass. */
  @Override
  public long keptLogits(StepSize size) {
    return 0;
  }

  @Override
  public void prepare(int length) {
    forward.prepare(length);
  }

  @Override
  public int generation() {
    return forward.generation();
  }

  /** The kernels are those of {@code forward}. */
  @Override
  public void close() {}

  @Override
  public Pass pass(NDManager scope, StepSize size) {
    TransformerStepKernels.Weights weights = forward.stepWeights();
    StepInputs inputs = new StepInputs(scope, size, forward.vocabularySize());
    TransformerStepKernels.Start start =
        own.start(scope, size, weights, forward.stream(scope, size.shownPositions()));
    return new Pass(
        inputs,
        exchange -> {
          own.begin(exchange, inputs, start, weights, forward.vocabularySize());
          return forward.paddedLogits(
              scope,
              new FusedForward.Start(
                  inputs.all(), inputs.asked(), start.modulation(), start.stream()));
        });
  }
}
