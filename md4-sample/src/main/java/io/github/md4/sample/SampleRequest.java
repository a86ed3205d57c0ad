// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.TokenSpace;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Which samples are wanted. Each is a function of the seed and of its own {@link InitialSequence},
 * so neither the batch size nor a division into several requests changes any of them.
 *
 * @param starts at least one, all of one length, with a class each or none
 * @param batchSize how many the network sees at once, at most
 * @param from how far from the end the starts are, in (0, 1]: 1 is the beginning, where all but
 *     frozen positions are masked
 */
public record SampleRequest(List<InitialSequence> starts, long seed, int batchSize, double from) {
  /** Sequences at once where nothing else is said. */
  public static final int DEFAULT_BATCH_SIZE = 64;

  public SampleRequest {
    starts = List.copyOf(starts);
    require(!starts.isEmpty(), "count must be at least 1", starts.size());
    require(batchSize >= 1, "batchSize must be at least 1", batchSize);
    require(from > 0 && from <= 1, "from must be in (0, 1]", from);
    InitialSequence first = starts.get(0);
    for (InitialSequence start : starts) {
      require(
          start.zt().length == first.zt().length,
          "sequences must have one length",
          first.zt().length + ", " + start.zt().length);
      require(
          start.label() >= 0 == first.label() >= 0,
          "either all sequences have a label or none",
          first.label() + ", " + start.label());
    }
  }

  /** Returns a request from the beginning, of seed 0 and the default batch size. */
  public static SampleRequest of(List<InitialSequence> starts) {
    return new SampleRequest(starts, 0, DEFAULT_BATCH_SIZE, 1);
  }

  /** Returns a request for sequences from nothing but masks, with the indices from 0 on. */
  public static SampleRequest ofMasks(TokenSpace space, int count, int length) {
    require(count >= 1, "count must be at least 1", count);
    require(length >= 1, "length must be at least 1", length);
    return of(
        LongStream.range(0, count)
            .mapToObj(i -> InitialSequence.masked(space, length, i))
            .toList());
  }

  public SampleRequest withSeed(long other) {
    return new SampleRequest(starts, other, batchSize, from);
  }

  public SampleRequest withBatchSize(int other) {
    return new SampleRequest(starts, seed, other, from);
  }

  public SampleRequest withFrom(double other) {
    return new SampleRequest(starts, seed, batchSize, other);
  }

  /** Returns N. */
  int length() {
    return starts.get(0).zt().length;
  }
}
