// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.sample.trajectory.InitialSequence;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * The initial sequences of a request in blocks, made when they are wanted, so that memory does not
 * grow with their number. A sample does not depend on the block that it is drawn in.
 *
 * @param count the number of all sequences, at least 1
 * @param size the number of sequences in a block, at least 1
 * @param sequences returns the sequence of an index in [0, count)
 */
record SequenceBlocks(long count, int size, LongFunction<InitialSequence> sequences)
    implements Iterable<List<InitialSequence>> {
  /** The tokens of a block, about: 32 MiB with their samples. */
  private static final int TOKENS = 1 << 22;

  /**
   * Returns blocks of sequences.
   *
   * @param length the number of tokens in a sequence
   * @param batchSize the number of sequences that the network sees at once; a block has many times
   *     as many where memory allows
   */
  static SequenceBlocks of(
      long count, int length, int batchSize, LongFunction<InitialSequence> sequences) {
    return new SequenceBlocks(count, Math.max(batchSize, TOKENS / length), sequences);
  }

  /** Returns the first block. */
  List<InitialSequence> first() {
    return block(0);
  }

  private List<InitialSequence> block(long first) {
    return LongStream.range(first, Math.min(count, first + size)).mapToObj(sequences).toList();
  }

  @Override
  public Iterator<List<InitialSequence>> iterator() {
    return LongStream.range(0, (count + size - 1) / size).mapToObj(i -> block(i * size)).iterator();
  }
}
