// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedKernels.Branch;
import io.github.md4.core.internal.transformer.FusedKernels.ResidualGradients;
import io.github.md4.core.network.transformer.FusedLayer.Activations;
import io.github.md4.core.network.transformer.FusedLayer.BlockGradients;
import io.github.md4.core.network.transformer.FusedLayer.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/** The blocks of a pass, and the arrays that each keeps for the backward pass. */
abstract class FusedLayers {
  final NDManager scope;
  private final List<FusedLayer> layers = new ArrayList<>();
  private final List<Hidden> outputs = new ArrayList<>();
  private Hidden stream;

  private FusedLayers(NDManager scope) {
    this.scope = scope;
  }

  /** Returns blocks that keep all activations. */
  static FusedLayers storing(NDManager scope) {
    return new Storing(scope);
  }

  /** Returns blocks that the backward pass computes again, from a checkpoint of two arrays each. */
  static FusedLayers recomputing(NDManager scope) {
    return new Recomputing(scope);
  }

  /** Sets the residual stream before the first block. */
  void start(Hidden h) {
    stream = h;
  }

  /** Computes the next block. */
  void add(FusedLayer layer) {
    Activations activations = forward(layer, stream, output());
    layers.add(layer);
    outputs.add(activations.inner().output());
    stream = activations.feedForwardIn().stream();
  }

  /** Returns the residual stream so far, without the last block's output. */
  Hidden stream() {
    return stream;
  }

  /** Returns the last block's output. */
  Optional<Branch> output() {
    return output(layers.size() - 1);
  }

  /**
   * Computes the backward pass of all blocks; returns the gradient by the residual stream before
   * them.
   *
   * @param done is told of each block whose products' gradients are complete
   */
  Hidden backward(ResidualGradients last, IntConsumer done) {
    ResidualGradients left = last;
    for (int i = layers.size() - 1; i >= 0; i--) {
      BlockGradients following = new BlockGradients(left.stream(), left.branch().orElseThrow());
      left = backward(i, layers.get(i), following, output(i - 1));
      following.stream().close();
      following.output().close();
      done.accept(i);
    }
    return left.stream();
  }

  private Optional<Branch> output(int layer) {
    return layer < 0 ? Optional.empty() : Optional.of(layers.get(layer).branch(outputs.get(layer)));
  }

  abstract Activations forward(FusedLayer layer, Hidden h, Optional<Branch> before);

  abstract ResidualGradients backward(
      int index, FusedLayer layer, BlockGradients following, Optional<Branch> before);

  private static final class Storing extends FusedLayers {
    private final List<Activations> all = new ArrayList<>();

    Storing(NDManager scope) {
      super(scope);
    }

    @Override
    Activations forward(FusedLayer layer, Hidden h, Optional<Branch> before) {
      Activations activations = layer.forward(scope, h, before);
      all.add(activations);
      return activations;
    }

    @Override
    ResidualGradients backward(
        int index, FusedLayer layer, BlockGradients following, Optional<Branch> before) {
      return layer.backward(scope, all.get(index), following, before);
    }
  }

  private static final class Recomputing extends FusedLayers {
    private final List<Checkpoint> checkpoints = new ArrayList<>();

    Recomputing(NDManager scope) {
      super(scope);
    }

    @Override
    Activations forward(FusedLayer layer, Hidden h, Optional<Branch> before) {
      try (NDManager inner = scope.newSubManager()) {
        Activations activations = layer.forward(inner, h, before);
        Checkpoint checkpoint =
            new Checkpoint(activations.attentionIn().stream(), activations.inner().output());
        checkpoint.stream().attach(scope);
        checkpoint.output().attach(scope);
        activations.feedForwardIn().stream().attach(scope);
        before.ifPresent(branch -> h.close()); // the first block's stream is h itself
        checkpoints.add(checkpoint);
        return activations;
      }
    }

    @Override
    ResidualGradients backward(
        int index, FusedLayer layer, BlockGradients following, Optional<Branch> before) {
      try (NDManager inner = scope.newSubManager()) {
        return layer.backward(
            scope, layer.recompute(inner, checkpoints.get(index)), following, before);
      }
    }
  }
}
