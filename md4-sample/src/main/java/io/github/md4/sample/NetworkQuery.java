// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.DrawKernels;
import java.util.List;

/**
 * A call of the network for a group that draws in one way.
 *
 * @param manager the manager, and so the device, of the arrays that the denoiser is given; every
 *     array is freed at the end of the call
 */
record NetworkQuery(
    NDManager manager, Denoiser denoiser, DrawKernels kernels, RowDraw draw, TokenLaw law)
    implements BatchedQuery {

  @Override
  public double[] draw(List<ActiveSequence> group) {
    NetworkCall.Part all = new NetworkCall.Part(new NetworkCall.Drawing(draw, law), group);
    double[][] drawn = new double[1][];
    new NetworkCall(manager, denoiser, kernels)
        .run(List.of(all), (part, outcome) -> drawn[0] = outcome.drawsOrThrow());
    return drawn[0];
  }

  static Condition condition(List<ActiveSequence> group) {
    double[] times = group.stream().mapToDouble(s -> s.query().point().time()).toArray();
    int[] labels = group.stream().flatMapToInt(s -> s.initial().labels()).toArray();
    return new Condition(times, labels)
        .with(group.stream().map(sequence -> sequence.query().vectors()).toList());
  }
}
