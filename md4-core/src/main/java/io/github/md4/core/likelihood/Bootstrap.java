// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Percentiles of a mean per token over documents drawn again with replacement (Efron, 1979): {@code
 * sum nats / sum tokens} of as many documents as there are.
 */
final class Bootstrap {
  /** The number of resamples: the percentiles are then good to about 3% of the width. */
  static final int REPLICATES = 1000;

  /** With fewer documents their spread is not known. */
  static final int LEAST_DOCUMENTS = 10;

  private static final double TAIL = 0.025;

  private Bootstrap() {}

  /**
   * Returns the central 95% interval; unknown for fewer than {@value #LEAST_DOCUMENTS} documents.
   *
   * @param nats of each document, over all passes [D]
   * @param tokens of each document [D]; those without tokens do not count
   */
  static Interval interval(double[] nats, long[] tokens, int passes, long seed) {
    int[] documents = IntStream.range(0, tokens.length).filter(d -> tokens[d] > 0).toArray();
    if (documents.length < LEAST_DOCUMENTS) {
      return Interval.UNKNOWN;
    }
    Noise noise = new Noise(seed);
    double[] means =
        IntStream.range(0, REPLICATES)
            .parallel()
            .mapToDouble(replicate -> mean(nats, tokens, documents, noise, replicate) / passes)
            .sorted()
            .toArray();
    return new Interval(percentile(means, TAIL), percentile(means, 1 - TAIL));
  }

  private static double mean(
      double[] nats, long[] tokens, int[] documents, Noise noise, int replicate) {
    double sum = 0;
    double size = 0;
    int[] words = new int[4];
    for (int i = 0; i < documents.length; i++) {
      if (i % words.length == 0) {
        noise.fill(words, Purpose.BOOTSTRAP, 0, replicate, i / words.length);
      }
      // The high half of a product is uniform to 2^-32 of its range.
      long drawn = ((words[i % words.length] & 0xFFFFFFFFL) * documents.length) >>> 32;
      int document = documents[(int) drawn];
      sum += nats[document];
      size += tokens[document];
    }
    return sum / size;
  }

  private static double percentile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  /** Returns chunks in place of documents where these are too few. */
  static boolean isEnough(long[] tokens) {
    return Arrays.stream(tokens).filter(count -> count > 0).count() >= LEAST_DOCUMENTS;
  }
}
