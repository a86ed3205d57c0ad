// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.ConfigGroup;
import io.github.md4.core.schedule.TimeSampling;
import java.util.Map;
import java.util.Objects;

/**
 * The make-up of an update's batch.
 *
 * @param batchSize the examples of an update, over all processes, in [1, 2^20]
 * @param microBatch examples the device holds at once, in [1, batchSize]; divides {@code
 *     batchSize}, without effect on the result but for the last bits of its arithmetic
 * @param samples how often an update masks each example, at the same time t each time, in [1,
 *     2^20]; learned powers need two
 * @param timeSampling the law of a batch's times in [0, 1)
 */
public record Batching(int batchSize, int microBatch, int samples, TimeSampling timeSampling)
    implements ConfigGroup {
  private static final int MOST = 1 << 20; // none has more: a digit too many

  /**
   * Checks the sizes.
   *
   * @param batchSize the examples of an update, over all processes, in [1, 2^20]
   * @param microBatch examples the device holds at once, in [1, batchSize]; divides {@code
   *     batchSize}, without effect on the result but for the last bits of its arithmetic
   * @param samples how often an update masks each example, at the same time t each time, in [1,
   *     2^20]; learned powers need two
   * @param timeSampling the law of a batch's times in [0, 1)
   * @throws IllegalArgumentException if a number is out of its range, or {@code microBatch} does
   *     not divide {@code batchSize}
   */
  public Batching {
    require(
        batchSize >= 1 && batchSize <= MOST, "batchSize must be in [1, " + MOST + "]", batchSize);
    require(
        microBatch >= 1 && batchSize % microBatch == 0,
        "microBatch must divide training.batchSize (" + batchSize + ")",
        microBatch);
    require(samples >= 1 && samples <= MOST, "samples must be in [1, " + MOST + "]", samples);
    Objects.requireNonNull(timeSampling, "timeSampling");
  }

  /**
   * {@return the keys of a config that, left out, have the value of another: by the name of the
   * first, the name of the other}
   */
  public static Map<String, String> derived() {
    return Map.of("microBatch", "batchSize");
  }

  /**
   * {@return the batches of the paper's training of text8: 512 examples, each masked once, at
   * low-discrepancy times (spec, Sections 2.3 and 6)}
   */
  public static Batching defaults() {
    return of(512);
  }

  /**
   * {@return batches of so many examples, each masked once, held by the device at once}
   *
   * @param batchSize the number of examples, in [1, 2^20]
   * @throws IllegalArgumentException if it is out of this range
   */
  public static Batching of(int batchSize) {
    return new Batching(batchSize, batchSize, 1, new TimeSampling.LowDiscrepancy());
  }

  /**
   * {@return the same batches in micro-batches of another size}
   *
   * @param examples the number of examples held at once, a divisor of the batch size
   * @throws IllegalArgumentException if it is none
   */
  public Batching withMicroBatch(int examples) {
    return new Batching(batchSize, examples, samples, timeSampling);
  }

  /**
   * {@return the same batches with each example masked so often}
   *
   * @param times how often each example is masked, in [1, 2^20]
   * @throws IllegalArgumentException if it is out of this range
   */
  public Batching withSamples(int times) {
    return new Batching(batchSize, microBatch, times, timeSampling);
  }

  /**
   * {@return the same batches with another law of times}
   *
   * @param law the law of the times t in [0, 1): independent, or spread evenly over the batch
   */
  public Batching withTimeSampling(TimeSampling law) {
    return new Batching(batchSize, microBatch, samples, law);
  }

  /**
   * {@return how many sequences the network sees in an update over all processes: examples times
   * masks}
   */
  public int sequences() {
    return batchSize * samples;
  }
}
