// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.FrozenDenoiser;
import java.util.Optional;

/**
 * An image network with weights that never change: on a GPU, few images are one launch of a graph.
 *
 * <p>Safe for use by several threads.
 */
final class FrozenImageNetwork implements FrozenDenoiser {
  private final PixelNetwork network;
  private final ImageWeights weights;
  private final Optional<ImageGraphs> graphs;

  /**
   * @param weights closed with this
   * @param maker makes the graphs of a pass, where the device has them
   */
  FrozenImageNetwork(PixelNetwork network, ImageWeights weights, GraphMaker maker) {
    this.network = network;
    this.weights = weights;
    this.graphs = maker.of(this::logits);
  }

  /** A way to make the graphs of a pass. */
  @FunctionalInterface
  interface GraphMaker {
    Optional<ImageGraphs> of(ImageGraphs.Pass pass);
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    network.check(zt, condition, rows);
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDList inputs = network.inputs(scope, condition);
      NDArray logits =
          graphs
              .flatMap(recorded -> recorded.logits(scope, zt, inputs, rows))
              .orElseGet(() -> logits(scope, zt, inputs, rows));
      logits.attach(zt.getManager());
      return logits;
    }
  }

  private NDArray logits(NDManager outer, NDArray zt, NDList inputs, NDArray rows) {
    try (NDManager scope = outer.newSubManager()) {
      NDArray logits = network.logits(scope, weights::of, zt, inputs, rows);
      logits.attach(outer);
      return logits;
    }
  }

  @Override
  public String description() {
    return network.description() + (graphs.isPresent() ? ", as graphs" : "");
  }

  @Override
  public void close() {
    graphs.ifPresent(ImageGraphs::close);
    weights.close();
  }
}
