// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.graph.StepNetwork;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepSize;
import java.util.Optional;

/** The steps of an image network with frozen weights. */
record ImageSteps(PixelNetwork network, ImageWeights weights, StepKernels kernels)
    implements StepNetwork {
  /** The numbers that kernels read at once. */
  private static final int PACK = 8;

  /**
   * Returns the steps of a network; empty on GPUs without kernels for them, and where its logits
   * are not what they read: bfloat16, a multiple of 8 to a row.
   */
  static Optional<ImageSteps> find(NDManager parent, PixelNetwork network, ImageWeights weights) {
    return network.precision() == Precision.BFLOAT16 && network.vocabularySize() % PACK == 0
        ? StepKernels.find(parent).map(kernels -> new ImageSteps(network, weights, kernels))
        : Optional.empty();
  }

  @Override
  public int features() {
    return network.hostFeatures();
  }

  @Override
  public int vocabularySize() {
    return network.vocabularySize();
  }

  @Override
  public boolean takes(StepSize size) {
    return size.shownExamples() * network.valuesOfImage() <= ImageGraphs.MOST_VALUES;
  }

  @Override
  public void close() {
    kernels.close();
  }

  @Override
  public Pass pass(NDManager scope, StepSize size) {
    return Pass.of(
        scope,
        this,
        size,
        (inner, inputs, features) ->
            network.product(
                inner, weights, inputs.zt(), network.inputs(inner, features), inputs.positions()));
  }
}
