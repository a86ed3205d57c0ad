// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.network.TimeEmbedding;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.Arrays;

/**
 * A forward pass of the transformer, from tokens to logits.
 *
 * <p>B examples, L positions, D width, W head width, V vocabulary, R chosen rows.
 */
record TransformerPass(
    TransformerConfig config, Blocks.Weights weights, Recording recording, EngineSeeds seeds) {

  /** The residual stream before the first block, [B, L, D], which lives in a scope. */
  @FunctionalInterface
  interface Embedded {
    Hidden in(NDManager scope);
  }

  /** Returns the logits of {@link io.github.md4.core.diffusion.Denoiser#logits}. */
  NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    return logits(zt.getManager(), scope -> embed(scope, zt), condition, rows);
  }

  /**
   * Returns the logits where the stream begins otherwise than with embedded tokens.
   *
   * @param parent takes them
   */
  NDArray logits(NDManager parent, Embedded embedded, Condition condition, NDArray rows) {
    try (NDManager scope = parent.newSubManager()) {
      Blocks blocks = blocks(scope, condition);
      seeds.beforeEmbedding();
      Hidden h = recording.start(embedded.in(scope)); // [B, L, D]
      for (int layer = 0; layer < config.layers() - 1; layer++) {
        h = block(scope, blocks, layer, h); // [B, L, D]
      }
      NDArray logits = lastBlockAndHead(scope, blocks, h, rows); // [R, V]
      logits.attach(parent);
      return logits;
    }
  }

  private Blocks blocks(NDManager scope, Condition condition) {
    return config.isConditional()
        ? new Blocks.Adaptive(weights, recording.shared(condition(scope, condition)))
        : new Blocks.Plain(weights);
  }

  private Hidden embed(NDManager scope, NDArray zt) {
    NDArray table = weights.parameters().get("embedding.weight");
    if (config.embedding() == Embedding.INSIDE) {
      return weights.kernels().embed(scope, zt, table);
    }
    NDArray w = weights.parameters().get("embedding.projection.weight");
    NDArray b = weights.parameters().get("embedding.projection.bias");
    return weights.kernels().embedOutside(scope, zt, table, w, b);
  }

  private Hidden block(NDManager outer, Blocks blocks, int layer, Hidden stream) {
    return recording.segment(
        outer,
        stream,
        (scope, h) -> {
          seeds.beforeLayer(layer);
          Block block = blocks.at(scope, layer);
          return block.feedForward(block.attention(h));
        });
  }

  /** Computes the last block and the head; after the last attention only at the chosen rows. */
  private NDArray lastBlockAndHead(NDManager scope, Blocks blocks, Hidden h, NDArray rows) {
    int last = config.layers() - 1;
    seeds.beforeLayer(last);
    Hidden attended = blocks.at(scope, last).attention(h); // [B, L, D]
    Hidden picked = weights.kernels().hiddenOfRows(scope, attended, rows); // [R, D]
    Hidden finished = blocks.atRows(scope, last, rows, attended).feedForward(picked); // [R, D]
    return blocks.head(scope, finished, rows, attended);
  }

  /** Returns the activated condition, float32 [B, W]. */
  private NDArray condition(NDManager scope, Condition condition) {
    if (config.timeFeatures() == TimeFeatures.NONE) {
      return weights.kernels().classCondition(scope, labels(scope, condition), classes());
    }
    NDArray features = timeFeatures(scope, condition.times()); // [B, W]
    if (config.classes() > 0) {
      features = weights.kernels().withClass(scope, features, labels(scope, condition), classes());
    }
    NDList dense = new NDList();
    for (String name :
        new String[] {"dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"}) {
      dense.add(weights.parameters().get("condition." + name));
    }
    return weights.kernels().condition(scope, features, dense);
  }

  private NDArray classes() {
    return weights.parameters().get("condition.classes.weight");
  }

  private NDArray timeFeatures(NDManager scope, double[] times) {
    int width = config.headWidth();
    float[] features = TimeEmbedding.of(times, width);
    return Upload.plain().floats(scope, features, new Shape(times.length, width));
  }

  private NDArray labels(NDManager scope, Condition condition) {
    long[] labels = Arrays.stream(condition.labels()).asLongStream().toArray();
    return Upload.plain().longs(scope, labels, new Shape(labels.length));
  }
}
