// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.network.StepDraws;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A call of the network for a group that draws in one way.
 *
 * @param manager the manager, and so the device, of the arrays that the denoiser is given; every
 *     array is freed at the end of the call
 */
public record NetworkQuery(
    NDManager manager, Denoiser denoiser, DrawKernels kernels, RowDraw draw, TokenLaw law)
    implements BatchedQuery {
  private static final int MOST_AHEAD = 8;

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
  public List<double[]> drawAhead(List<ActiveSequence> group, int rowLimit) {
    List<double[]> drawn =
        draw.inversion(law)
            .flatMap(
                confidence ->
                    StepDraws.of(denoiser)
                        .map(network -> drawAhead(network, group, rowLimit, confidence)))
            .orElse(List.of());
    return drawn.isEmpty() ? List.of(draw(group)) : drawn;
  }

  private static List<double[]> drawAhead(
      StepDraws network, List<ActiveSequence> group, int rowLimit, Confidence confidence) {
    boolean isOfOneLength = group.stream().mapToInt(s -> s.shown().length).distinct().count() == 1;
    List<StepDraws.Step> steps = isOfOneLength ? ahead(group, rowLimit) : List.of();
    return steps.size() > 1
        ? network.drawAhead(NetworkCall.tokens(group), steps, confidence)
        : List.of();
  }

  /** Returns the steps of a group that are known before any of their draws. */
  private static List<StepDraws.Step> ahead(List<ActiveSequence> group, int rowLimit) {
    List<List<TrajectoryQuery>> queries =
        group.stream().map(sequence -> sequence.ahead(MOST_AHEAD)).toList();
    int known = queries.stream().mapToInt(List::size).min().orElseThrow();
    return IntStream.range(0, known)
        .mapToObj(k -> NetworkCall.step(group, queries.stream().map(of -> of.get(k)).toList()))
        .takeWhile(step -> step.rows().length <= rowLimit)
        .toList();
  }

  @Override
  public Caller caller() {
    return new NetworkCall(manager, denoiser, kernels);
  }

  static Condition condition(List<ActiveSequence> group) {
    return NetworkCall.condition(group);
  }
}
