// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.graph.StepNetwork;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.DditKernels.PaddedHead;
import io.github.md4.core.internal.transformer.StepInputs;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepSize;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntFunction;

/**
 * The steps of a network of the DDiT kind with frozen weights.
 *
 * @param vocabularySize V, without the mask
 * @param passOf the pass of a length
 * @param head of the passes
 */
record DditSteps(
    DditConfig config,
    int vocabularySize,
    IntFunction<DditPass> passOf,
    PaddedHead head,
    StepKernels kernels)
    implements StepNetwork {
  /** With more positions of all sequences a GPU takes longer than its host. */
  private static final int MOST_POSITIONS = 1 << 14;

  @Override
  public int features() {
    return config.isAdaptive() ? NoiseFeatures.WIDTH : 0;
  }

  /** Returns what the host writes of the examples, [B F]. */
  float[] hostFeatures(Condition condition) {
    double[] sigmas = NoiseFeatures.sigmas(condition.times());
    return config.isAdaptive()
        ? NoiseFeatures.of(DditPass.told(config, sigmas.length, sigmas))
        : new float[0];
  }

  @Override
  public boolean takes(StepSize size) {
    return size.shownPositions() <= MOST_POSITIONS;
  }

  @Override
  public void close() {
    kernels.close();
  }

  @Override
  public Pass pass(NDManager scope, StepSize size) {
    StepInputs inputs = new StepInputs(scope, size, vocabularySize);
    DditPass pass = passOf.apply(size.length());
    long shown = (long) size.views() * size.examples();
    NDArray features = scope.zeros(new Shape(shown, Math.max(1, features())));
    NDList told = config.isAdaptive() ? new NDList(features) : new NDList();
    Deque<NDManager> ofLogits = new ArrayDeque<>();
    return new Pass(
        inputs,
        exchange -> {
          kernels.take(exchange, inputs, features, vocabularySize);
          ofLogits.forEach(NDManager::close); // of the pass before, which was not recorded
          ofLogits.clear();
          ofLogits.add(scope.newSubManager());
          try (NDManager inner = scope.newSubManager()) {
            Hidden logits =
                pass.rows(inner, inputs.zt(), told, inputs.positions(), head::of); // [S R, V + 1..]
            logits.attach(ofLogits.element());
            return logits;
          }
        });
  }
}
