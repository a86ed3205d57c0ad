// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.transformer.FusedKernels.Branch;
import io.github.md4.core.internal.transformer.FusedKernels.Left;
import io.github.md4.core.network.transformer.FusedLayer.After;
import io.github.md4.core.network.transformer.FusedLayer.Kept;
import io.github.md4.core.network.transformer.FusedLayer.Tape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The blocks of a pass one after another, and what is kept of each for the way back. */
abstract class FusedLayers {
  final NDManager scope;
  private final List<FusedLayer> layers = new ArrayList<>();
  private final List<Hidden> outputs = new ArrayList<>();
  private Hidden stream;

  private FusedLayers(NDManager scope) {
    this.scope = scope;
  }

  /** Returns blocks of which everything is kept. */
  static FusedLayers keeping(NDManager scope) {
    return new Keeping(scope);
  }

  /** Returns blocks that are computed again on the way back, from two arrays each. */
  static FusedLayers recomputing(NDManager scope) {
    return new Recomputing(scope);
  }

  /** Gives the residual stream before the first block. */
  void start(Hidden h) {
    stream = h;
  }

  /** Goes through the next block. */
  void add(FusedLayer layer) {
    Tape tape = forward(layer, stream, output());
    layers.add(layer);
    outputs.add(tape.inner().output());
    stream = tape.feedForwardIn().stream();
  }

  /** Returns the residual stream so far, without the last block's output. */
  Hidden stream() {
    return stream;
  }

  /** Returns the last block's output. */
  Optional<Branch> output() {
    return output(layers.size() - 1);
  }

  List<FusedLayer> layers() {
    return layers;
  }

  /** Goes back through all blocks; returns the gradient by the residual stream before them. */
  Hidden backward(Left last) {
    Left left = last;
    for (int i = layers.size() - 1; i >= 0; i--) {
      After after = new After(left.stream(), left.branch().orElseThrow());
      left = backward(i, layers.get(i), after, output(i - 1));
      after.stream().close();
      after.output().close();
    }
    return left.stream();
  }

  private Optional<Branch> output(int layer) {
    return layer < 0 ? Optional.empty() : Optional.of(layers.get(layer).branch(outputs.get(layer)));
  }

  abstract Tape forward(FusedLayer layer, Hidden h, Optional<Branch> before);

  abstract Left backward(int index, FusedLayer layer, After after, Optional<Branch> before);

  private static final class Keeping extends FusedLayers {
    private final List<Tape> tapes = new ArrayList<>();

    Keeping(NDManager scope) {
      super(scope);
    }

    @Override
    Tape forward(FusedLayer layer, Hidden h, Optional<Branch> before) {
      Tape tape = layer.forward(scope, h, before);
      tapes.add(tape);
      return tape;
    }

    @Override
    Left backward(int index, FusedLayer layer, After after, Optional<Branch> before) {
      return layer.backward(scope, tapes.get(index), after, before);
    }
  }

  private static final class Recomputing extends FusedLayers {
    private final List<Kept> kept = new ArrayList<>();

    Recomputing(NDManager scope) {
      super(scope);
    }

    @Override
    Tape forward(FusedLayer layer, Hidden h, Optional<Branch> before) {
      try (NDManager inner = scope.newSubManager()) {
        Tape tape = layer.forward(inner, h, before);
        Kept kept = new Kept(tape.attentionIn().stream(), tape.inner().output());
        kept.stream().attach(scope);
        kept.output().attach(scope);
        tape.feedForwardIn().stream().attach(scope);
        before.ifPresent(branch -> h.close()); // the first block's stream is h itself
        this.kept.add(kept);
        return tape;
      }
    }

    @Override
    Left backward(int index, FusedLayer layer, After after, Optional<Branch> before) {
      try (NDManager inner = scope.newSubManager()) {
        return layer.backward(scope, layer.again(inner, kept.get(index)), after, before);
      }
    }
  }
}
