// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.network.StepDraws;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.Draws;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/**
 * A call of the network for a group that draws in one way.
 *
 * @param manager the manager, and so the device, of the arrays that the denoiser is given; every
 *     array is freed at the end of the call
 */
public record NetworkQuery(
    NDManager manager, Denoiser denoiser, DrawKernels kernels, RowDraw draw, TokenLaw law)
    implements BatchedQuery {
  @Override
  public double[] draw(List<ActiveSequence> group) {
    Draws[] drawn = new Draws[1];
    CallPart all =
        new DrawnPart(
            new CallPart.Drawing(draw, law),
            group,
            draws -> drawn[0] = draws,
            failure -> {
              throw failure;
            });
    caller().run(List.of(all));
    return drawn[0].drawn();
  }

  @Override
  public Iterator<GroupDraws> drawAhead(List<ActiveSequence> group, int rowLimit, int leastActive) {
    Iterator<GroupDraws> drawn =
        draw.inversion(law)
            .flatMap(
                inversion ->
                    StepDraws.of(denoiser)
                        .map(net -> drawAhead(net, group, rowLimit, leastActive, inversion)))
            .orElse(Collections.emptyIterator());
    return drawn.hasNext() ? drawn : List.of(GroupDraws.of(group, draw(group))).iterator();
  }

  private static Iterator<GroupDraws> drawAhead(
      StepDraws network,
      List<ActiveSequence> group,
      int rowLimit,
      int leastActive,
      Inversion inversion) {
    return QueriesAhead.of(group, rowLimit, leastActive)
        .filter(Iterator::hasNext)
        .map(ahead -> ahead.drawn(network, inversion))
        .orElse(Collections.emptyIterator());
  }

  @Override
  public Caller caller() {
    return new NetworkCall(manager, denoiser, kernels);
  }

  static Condition condition(List<ActiveSequence> group) {
    return NetworkCall.condition(group);
  }
}
