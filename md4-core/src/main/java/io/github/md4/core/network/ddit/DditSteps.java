// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.graph.StepNetwork;
import io.github.md4.core.internal.transformer.DditKernels.PaddedHead;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepSize;
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
  static float[] hostFeatures(DditConfig config, Condition condition) {
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
    DditPass pass = passOf.apply(size.length());
    return Pass.of(
        scope,
        this,
        size,
        (inner, inputs, features) -> {
          NDList told = config.isAdaptive() ? new NDList(features) : new NDList();
          return pass.rows(inner, inputs.zt(), told, inputs.positions(), head::of);
        });
  }
}
