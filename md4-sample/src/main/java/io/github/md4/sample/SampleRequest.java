// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * Which samples are wanted. Each is a function of seed and index alone, so neither the batch size
 * nor a division into several requests changes any of them.
 *
 * @param count how many, at least 1
 * @param length N of each
 * @param batchSize how many the network sees at once
 * @param firstIndex the index of the first; at least 0, all indices below 2^32
 */
public record SampleRequest(int count, int length, long seed, int batchSize, long firstIndex) {
  private static final long INDICES = 1L << 32;

  public SampleRequest {
    require(count >= 1, "count must be at least 1", count);
    require(length >= 1, "length must be at least 1", length);
    require(batchSize >= 1, "batchSize must be at least 1", batchSize);
    require(
        firstIndex >= 0 && firstIndex <= INDICES - count,
        "firstIndex must be at least 0 and leave all indices below 2^32",
        firstIndex);
  }

  private static void require(boolean holds, String what, long given) {
    if (!holds) {
      throw new IllegalArgumentException(what + ": " + given);
    }
  }
}
