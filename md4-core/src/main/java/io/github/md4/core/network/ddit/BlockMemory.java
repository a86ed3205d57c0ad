// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.BlockDecoder;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.DditKernels;
import io.github.md4.core.network.RotaryAngles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The keys and values of the clean blocks before the one that is unmasked, layer by layer and
 * before rotation (BD3-LM). With them a pass computes one block, and gives what a pass over all
 * blocks so far gives.
 *
 * <p>The first block stands at position 0. One thread at a time uses it.
 */
final class BlockMemory implements BlockDecoder {
  private final NDManager manager;
  private final DditConfig config;
  private final DditKernels kernels;
  private final Function<String, NDArray> weights;
  private final RotaryAngles angles;
  private final List<NDList> blocks = new ArrayList<>(); // of a block, an array a layer

  BlockMemory(
      NDManager parent,
      DditConfig config,
      DditKernels kernels,
      Function<String, NDArray> weights,
      RotaryAngles angles) {
    this.manager = parent.newSubManager();
    this.config = config;
    this.kernels = kernels;
    this.weights = weights;
    this.angles = angles;
  }

  /**
   * Returns the logits of a block after those remembered, as the network has them, float32 [B b, V
   * + 1], attached to the manager of {@code ids}.
   *
   * @param ids int64 [B, b]
   * @param rows flat positions in [0, B b), int64 [R]
   */
  NDArray raw(NDArray ids, NDArray rows) {
    try (NDManager scope = ids.getManager().newSubManager()) {
      Walk walk = walk(scope, ids);
      NDArray logits = walk.head(scope, rows, kernels::head);
      logits.attach(ids.getManager());
      return logits;
    }
  }

  @Override
  public int blockSize() {
    return config.blockSize();
  }

  @Override
  public NDArray logits(NDArray block, NDArray rows) {
    try (NDManager scope = block.getManager().newSubManager()) {
      NDArray logits = walk(scope, block).head(scope, rows, kernels::headOfTokens);
      logits.attach(block.getManager());
      return logits;
    }
  }

  @Override
  public void remember(NDArray ids) {
    try (NDManager scope = ids.getManager().newSubManager()) {
      NDList seen = walk(scope, ids).keysValues();
      seen.attach(manager);
      blocks.add(seen);
    }
  }

  /** Forgets the first block, so that the positions of the others start at 0 again. */
  void forgetFirst() {
    blocks.remove(0).close();
  }

  /** A pass over one block. */
  private record Walk(
      DditPass pass, Hidden end, NDArray condition, NDList keysValues, DditKernels kernels) {

    NDArray head(NDManager scope, NDArray rows, DditPass.Head<NDArray> head) {
      Hidden picked = kernels.hiddenOfRows(scope, end, rows);
      Hidden ends = pass.modulation(scope, condition, "head.modulation");
      return head.of(scope, picked, pass.ofRows(scope, ends, rows, end), pass.head());
    }
  }

  private Walk walk(NDManager scope, NDArray ids) {
    int block = Math.toIntExact(ids.getShape().get(1));
    int examples = Math.toIntExact(ids.getShape().get(0));
    NDList places = angles.tables(scope, blocks.size() * block + block);
    DditPass pass = new DditPass(config, kernels, weights, places, new Recording.None());
    NDList inputs = DditPass.inputs(scope, config, examples, new double[examples]);
    NDArray condition = pass.condition(scope, inputs);
    NDList seen = new NDList();
    Hidden h = kernels.embed(scope, ids, weights.apply("embedding.weight"));
    for (int layer = 0; layer < config.layers(); layer++) {
      Hidden m = pass.modulation(scope, condition, "layers." + layer + ".modulation");
      DditKernels.Remembered attended =
          kernels.remembering(scope, h, m, pass.attention(layer), places, past(scope, layer));
      seen.add(attended.keysValues().array);
      h = kernels.feedForward(scope, attended.stream(), m, pass.feedForward(layer));
    }
    return new Walk(pass, h, condition, seen, kernels);
  }

  private List<Hidden> past(NDManager scope, int layer) {
    List<Hidden> parts = blocks.stream().map(block -> Hidden.borrowed(block.get(layer))).toList();
    return parts.isEmpty() ? List.of() : List.of(kernels.joined(scope, parts));
  }

  @Override
  public void close() {
    manager.close();
  }
}
