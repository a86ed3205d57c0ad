// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import io.github.md4.core.diffusion.BlockDecoder;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Decoder;
import io.github.md4.core.diffusion.Denoiser;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A network that is called for one sequence of a batch after another. */
record SequenceBySequence(Denoiser network) implements Denoiser {
  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    if (zt.getShape().get(0) == 1) {
      return network.logits(zt, condition, rows);
    }
    long length = zt.getShape().get(1);
    long[] positions = rows.toLongArray();
    try (NDManager scope = zt.getManager().newSubManager()) {
      scope.tempAttachAll(zt, rows);
      NDList parts = new NDList();
      for (int first = 0, end; first < positions.length; first = end) {
        end = endOfExample(positions, first, length);
        int b = Math.toIntExact(positions[first] / length);
        long[] own = Arrays.stream(positions, first, end).map(n -> n % length).toArray();
        NDArray example = zt.get(new NDIndex("{}:{}", b, b + 1)); // [1, N]
        parts.add(network.logits(example, of(condition, b), scope.create(own)));
      }
      return scope.ret(NDArrays.concat(parts)); // [R, V]
    }
  }

  /** Returns the end of the positions of one example from {@code first} on. */
  private static int endOfExample(long[] positions, int first, long length) {
    int end = first + 1;
    while (end < positions.length && positions[end] / length == positions[first] / length) {
      end++;
    }
    return end;
  }

  private static Condition of(Condition all, int b) {
    int[] label = all.labels().length == 0 ? all.labels() : new int[] {all.labels()[b]};
    return new Condition(
        new double[] {all.times()[b]},
        label,
        all.vectors().isEmpty() ? List.of() : List.of(all.vectors().get(b)));
  }

  @Override
  public Optional<Decoder> decoder(NDManager parent, int slots, int length) {
    return network.decoder(parent, slots, length);
  }

  @Override
  public Optional<BlockDecoder> blockDecoder(NDManager parent) {
    return network.blockDecoder(parent);
  }

  @Override
  public Denoiser withMaskColumn() {
    return new SequenceBySequence(network.withMaskColumn());
  }
}
