// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.BlockDecoder;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/**
 * Calls of a network that unmasks block by block (BD3-LM) and keeps the clean blocks of each
 * sequence: a call shows it one block, and gives what a call with all blocks so far gives.
 */
public final class BlockQuery implements BatchedQuery {
  private final NetworkQuery plain;
  private final IdentityHashMap<ActiveSequence, Place> places = new IdentityHashMap<>();

  private BlockQuery(NetworkQuery plain) {
    this.plain = plain;
  }

  /** A sequence's memory, and how many of its blocks are there. */
  private static final class Place {
    private final BlockDecoder decoder;
    private int blocks;

    Place(BlockDecoder decoder) {
      this.decoder = decoder;
    }
  }

  /**
   * Returns the calls of a network that keeps blocks; the plain ones of any other.
   *
   * @param block the positions of a block of the sampler
   * @param length N, the number of tokens of the sequences
   * @throws IllegalArgumentException unless the network's blocks are as large, and divide the
   *     length
   */
  public static BatchedQuery of(NetworkQuery plain, int block, int length) {
    Optional<BlockDecoder> any = plain.denoiser().blockDecoder(plain.manager());
    if (any.isEmpty()) {
      return plain;
    }
    try (BlockDecoder decoder = any.get()) {
      if (decoder.blockSize() != block) {
        throw new IllegalArgumentException(
            "block must be that of the model, %d: %d".formatted(decoder.blockSize(), block));
      }
    }
    if (length % block != 0) {
      throw new IllegalArgumentException(
          "the length must be a multiple of block, %d: %d".formatted(block, length));
    }
    return new BlockQuery(plain);
  }

  @Override
  public double[] draw(List<ActiveSequence> group) {
    free();
    try (NDManager scope = plain.manager().newSubManager()) {
      NDList logits = new NDList();
      for (ActiveSequence sequence : group) {
        logits.add(logits(scope, sequence));
      }
      NDArray all = NDArrays.concat(logits, 0); // [R, V]
      NDArray noise = noise(scope, group, BatchedQuery.rows(group));
      return plain.draw().draw(plain.kernels(), scope, plain.law(), all, noise).toDoubleArray();
    }
  }

  /** Frees the memories of sequences that have ended. */
  private void free() {
    places.forEach(
        (sequence, place) -> {
          if (sequence.isDone()) {
            place.decoder.close();
          }
        });
    places.keySet().removeIf(ActiveSequence::isDone);
  }

  private NDArray logits(NDManager scope, ActiveSequence sequence) {
    Place place = places.computeIfAbsent(sequence, unused -> new Place(decoder()));
    int size = place.decoder.blockSize();
    int[] positions = sequence.query().positions();
    int block = positions[0] / size;
    while (place.blocks < block) {
      place.decoder.remember(tokens(scope, sequence, place.blocks * size, size));
      place.blocks++;
    }
    long[] rows = Arrays.stream(positions).mapToLong(n -> n - (long) block * size).toArray();
    return place.decoder.logits(
        tokens(scope, sequence, block * size, size), scope.create(rows)); // [r, V]
  }

  private BlockDecoder decoder() {
    return plain.denoiser().blockDecoder(plain.manager()).orElseThrow();
  }

  private static NDArray tokens(NDManager scope, ActiveSequence sequence, int first, int size) {
    long[] tokens = Arrays.stream(sequence.shown(), first, first + size).asLongStream().toArray();
    return scope.create(tokens, new Shape(1, size));
  }

  /** Returns the noise of all queries, float64 [c, R]. */
  private static NDArray noise(NDManager scope, List<ActiveSequence> group, int rows) {
    int columns = group.get(0).query().noise().length;
    double[] all = new double[columns * rows];
    int row = 0;
    for (ActiveSequence sequence : group) {
      double[][] own = sequence.query().noise();
      for (int c = 0; c < columns; c++) {
        System.arraycopy(own[c], 0, all, c * rows + row, own[c].length);
      }
      row += own[0].length;
    }
    return scope.create(all, new Shape(columns, rows));
  }

  @Override
  public void close() {
    places.values().forEach(place -> place.decoder.close());
    places.clear();
  }
}
