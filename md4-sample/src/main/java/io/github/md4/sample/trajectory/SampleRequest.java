// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import static io.github.md4.core.Checks.require;

import java.util.List;

/**
 * A request for samples. Each is a function of the seed and of its own {@link InitialSequence}, so
 * neither the batch size nor a division into several requests changes any of them.
 *
 * @param sequences at least one, all of one length, with a class each or none
 * @param seed any number, from which all draws follow
 * @param batchSize the most sequences that the network sees at once, at least 1
 * @param from the share of the way that lies before the sequences, in (0, 1]: with 1 all but frozen
 *     positions are masked
 */
public record SampleRequest(
    List<InitialSequence> sequences, long seed, int batchSize, double from) {
  /** The batch size of a request that names none. */
  public static final int DEFAULT_BATCH_SIZE = 64;

  /**
   * Checks the sequences and the numbers.
   *
   * @param sequences at least one, all of one length, with a class each or none
   * @param batchSize the most sequences that the network sees at once, at least 1
   * @param from the share of the way that lies before the sequences, in (0, 1]: with 1 all but
   *     frozen positions are masked
   * @param seed any number, from which all draws follow
   * @throws IllegalArgumentException if there are no sequences, they differ in length, only some
   *     have a class, or a number is out of its range
   */
  public SampleRequest {
    sequences = List.copyOf(sequences);
    require(!sequences.isEmpty(), "count must be at least 1", sequences.size());
    require(batchSize >= 1, "batchSize must be at least 1", batchSize);
    require(from > 0 && from <= 1, "from must be in (0, 1]", from);
    InitialSequence first = sequences.get(0);
    for (InitialSequence other : sequences) {
      require(
          other.zt().length == first.zt().length,
          "sequences must have one length",
          first.zt().length + ", " + other.zt().length);
      require(
          other.label() >= 0 == first.label() >= 0,
          "either all sequences have a label or none",
          first.label() + ", " + other.label());
    }
  }

  /**
   * {@return a request with the whole way before it, the seed 0 and the default batch size}
   *
   * @param sequences the beginnings of the samples, at least one, all of one length
   */
  public static SampleRequest of(List<InitialSequence> sequences) {
    return new SampleRequest(sequences, 0, DEFAULT_BATCH_SIZE, 1);
  }

  /**
   * {@return the same request with another seed}
   *
   * @param other any number; the same seed, model and options give the same samples, on a CPU bit
   *     for bit
   */
  public SampleRequest withSeed(long other) {
    return new SampleRequest(sequences, other, batchSize, from);
  }

  /**
   * {@return the same request with another batch size}
   *
   * @param other the most sequences in a call, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public SampleRequest withBatchSize(int other) {
    return new SampleRequest(sequences, seed, other, from);
  }

  /**
   * {@return the same request from another share of the way}
   *
   * @param other the share of the way that lies before the sequences, in (0, 1]
   * @throws IllegalArgumentException if it is out of this range
   */
  public SampleRequest withFrom(double other) {
    return new SampleRequest(sequences, seed, batchSize, other);
  }
}
