// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.network.Parameters;

/** The blocks and the head of a transformer, modulated by the condition or not. */
sealed interface Blocks {

  /** Returns a block for all positions, which lives in {@code scope}. */
  Block at(NDManager scope, int layer);

  /** Returns the same block for chosen rows of {@code h} [B, L, D]. */
  Block atRows(NDManager scope, int layer, NDArray rows, Hidden h);

  /** Returns the logits [R, V] of {@code picked} [R, D], which are {@code rows} of {@code h}. */
  NDArray head(NDManager scope, Hidden picked, NDArray rows, Hidden h);

  /** The kernels, parameters and dropout of both kinds. */
  public record Weights(
      TransformerKernels kernels, Parameters parameters, NDList rotary, DropoutMask dropout) {

    NDArray of(int layer, String name) {
      return parameters.get("layers." + layer + "." + name);
    }

    Block.Common common(NDManager scope, int layer, Hidden mask) {
      NDList attention =
          new NDList(of(layer, "attention.qkv.weight"), of(layer, "attention.out.weight"))
              .addAll(rotary);
      NDList feedForward =
          new NDList(of(layer, "feedForward.in.weight"), of(layer, "feedForward.out.weight"));
      return new Block.Common(scope, kernels, mask, attention, feedForward);
    }
  }

  /**
   * Blocks with adaLN.
   *
   * @param c the activated condition, float32 [B, W]
   */
  record Adaptive(Weights weights, NDArray c) implements Blocks {
    @Override
    public Block at(NDManager scope, int layer) {
      Hidden mask = weights.dropout.at(scope, layer);
      return new Block.Adaptive(weights.common(scope, layer, mask), modulation(scope, layer));
    }

    @Override
    public Block atRows(NDManager scope, int layer, NDArray rows, Hidden h) {
      Hidden mask = weights.dropout.atRows(scope, layer, rows, h);
      Hidden modulation = modulation(scope, layer);
      return new Block.Adaptive(
          weights.common(scope, layer, mask),
          weights.kernels.modulationOfRows(scope, modulation, rows, h));
    }

    @Override
    public NDArray head(NDManager scope, Hidden picked, NDArray rows, Hidden h) {
      Hidden modulation = modulation(scope, "head.");
      Hidden ofRows = weights.kernels.modulationOfRows(scope, modulation, rows, h);
      return weights.kernels.adaptiveHead(
          scope, picked, ofRows, weights.parameters.get("head.weight"));
    }

    private Hidden modulation(NDManager scope, int layer) {
      return modulation(scope, "layers." + layer + ".");
    }

    private Hidden modulation(NDManager scope, String name) {
      NDArray w = weights.parameters.get(name + "modulation.weight");
      NDArray b = weights.parameters.get(name + "modulation.bias");
      return weights.kernels.modulation(scope, c, w, b);
    }
  }

  /** Blocks with RMSNorm. */
  record Plain(Weights weights) implements Blocks {
    @Override
    public Block at(NDManager scope, int layer) {
      return block(scope, layer, weights.dropout.at(scope, layer));
    }

    @Override
    public Block atRows(NDManager scope, int layer, NDArray rows, Hidden h) {
      return block(scope, layer, weights.dropout.atRows(scope, layer, rows, h));
    }

    @Override
    public NDArray head(NDManager scope, Hidden picked, NDArray rows, Hidden h) {
      NDArray scale = weights.parameters.get("head.norm.weight");
      return weights.kernels.plainHead(scope, picked, scale, weights.parameters.get("head.weight"));
    }

    private Block block(NDManager scope, int layer, Hidden mask) {
      return new Block.Plain(
          weights.common(scope, layer, mask),
          weights.of(layer, "attention.norm.weight"),
          weights.of(layer, "feedForward.norm.weight"));
    }
  }
}
