// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.graph.StepNetwork;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.StepInputs;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepSize;
import java.util.ArrayDeque;
import java.util.Deque;
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
    int images = size.views() * size.examples();
    return images * network.valuesOfImage() <= ImageGraphs.MOST_VALUES;
  }

  @Override
  public void close() {
    kernels.close();
  }

  @Override
  public Pass pass(NDManager scope, StepSize size) {
    StepInputs inputs = new StepInputs(scope, size, vocabularySize());
    int images = size.views() * size.examples();
    NDArray features = scope.zeros(new Shape(images, Math.max(1, features())));
    Deque<NDManager> ofLogits = new ArrayDeque<>();
    return new Pass(
        inputs,
        exchange -> {
          kernels.take(exchange, inputs, features, vocabularySize());
          ofLogits.forEach(NDManager::close); // of the pass before, which was not recorded
          ofLogits.clear();
          ofLogits.add(scope.newSubManager());
          try (NDManager inner = scope.newSubManager()) {
            Hidden logits =
                network.product(
                    inner,
                    weights,
                    inputs.zt(),
                    network.inputs(inner, features),
                    inputs.positions()); // [S R, V]
            logits.attach(ofLogits.element());
            return logits;
          }
        });
  }
}
