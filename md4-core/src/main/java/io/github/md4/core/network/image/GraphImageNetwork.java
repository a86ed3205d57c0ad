// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.graph.GraphSteps;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.GraphDraws;
import io.github.md4.core.network.StepDraws;
import java.util.Iterator;
import java.util.Optional;

/**
 * {@link FrozenImageNetwork} without the host: calls with few images, and whole steps of them, are
 * one launch of a graph.
 *
 * <p>Safe for use by several threads. Calls are serialised: graphs share their arrays. Other
 * denoisers of the network share none with this one.
 */
final class GraphImageNetwork implements FrozenDenoiser, StepDraws {
  private final FrozenImageNetwork launches;
  private final RecordingStream stream;
  private final ImageGraphs graphs;
  private final GraphDraws draws;

  /**
   * @param launches closed with this, as is {@code stream}
   * @param callsBefore calls of a number of images before it is recorded
   */
  GraphImageNetwork(
      NDManager parent, FrozenImageNetwork launches, RecordingStream stream, int callsBefore) {
    PixelNetwork network = launches.network();
    this.launches = launches;
    this.stream = stream;
    this.graphs = new ImageGraphs(parent, launches::product, stream, network.sizes(), callsBefore);
    this.draws =
        new GraphDraws(
            ImageSteps.find(parent, network, launches.weights())
                .map(steps -> new GraphSteps(parent, steps, stream, callsBefore)),
            network::hostFeatures,
            this);
  }

  @Override
  public synchronized NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    launches.network().check(zt, condition, rows);
    draws.endGo();
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDList inputs = launches.network().inputs(scope, condition);
      NDArray logits =
          graphs
              .logits(scope, zt, inputs, rows)
              .orElseGet(() -> launches.logits(scope, zt, inputs, rows));
      logits.attach(zt.getManager());
      return logits;
    }
  }

  @Override
  public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> ahead, Inversion inversion) {
    return draws.drawAhead(zt, ahead, inversion);
  }

  @Override
  public Optional<StepDraws> with(Guided guided) {
    return draws.with(guided);
  }

  @Override
  public String description() {
    return launches.description() + ", as graphs";
  }

  @Override
  public synchronized void close() {
    draws.close();
    graphs.close();
    stream.close();
    launches.close();
  }
}
