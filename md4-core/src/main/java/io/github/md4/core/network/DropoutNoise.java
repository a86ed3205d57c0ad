// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.stream.IntStream;

/**
 * The noise of one step's dropout, a function of (seed, step, example). Immutable, and safe for
 * several threads.
 *
 * @param noise the noise of the run's seed
 * @param step the step of training, in [0, 2^32)
 * @param firstExample the index in the step's batch of the first example here, so that splitting a
 *     batch changes no mask
 * @param stride the distance in the batch between two examples that are neighbours here
 */
public record DropoutNoise(Noise noise, long step, int firstExample, int stride) {
  private static final int WORDS = 4;
  private static final long WORD = 0xFFFFFFFFL;

  /**
   * Makes the noise of consecutive examples.
   *
   * @param noise the noise of the run's seed
   * @param step the step of training, in [0, 2^32)
   * @param firstExample the number of the first example in its batch, from 0
   */
  public DropoutNoise(Noise noise, long step, int firstExample) {
    this(noise, step, firstExample, 1);
  }

  /**
   * Returns 1 where a channel is kept, independently with probability {@code 1 - rate}.
   *
   * @param batchSize B, the examples that get masks of their own, at least 1
   * @param channels the channels of one example, over all branches and layers
   * @param rate the probability of being dropped, in [0, 1)
   * @return 0 or 1, example by example, {@code [batchSize * channels]}
   * @throws IllegalArgumentException if {@code rate} is outside [0, 1)
   */
  public byte[] mask(int batchSize, int channels, double rate) {
    require(rate >= 0 && rate < 1, "the rate of dropout must be in [0, 1)", rate);
    byte[] mask = new byte[batchSize * channels];
    long threshold = Math.round(rate * 0x1p32);
    IntStream.range(0, batchSize)
        .parallel()
        .forEach(example -> fill(mask, example, channels, threshold));
    return mask;
  }

  /**
   * {@return the labels, each replaced by {@code nullLabel} with probability {@code rate}: what
   * classifier-free guidance trains on (Ho and Salimans, 2022)}
   *
   * @param labels classes, one for each example
   * @param rate the probability of a replacement, in [0, 1]
   * @param nullLabel the class that stands for none
   */
  public int[] labels(int[] labels, double rate, int nullLabel) {
    int[] kept = new int[labels.length];
    for (int b = 0; b < kept.length; b++) {
      double u = noise.uniform(Purpose.LABEL, step, index(b), 0);
      kept[b] = u < rate ? nullLabel : labels[b];
    }
    return kept;
  }

  /**
   * Returns the examples, each with probability {@code share}, that are shown a first guess.
   *
   * @param batchSize B, the examples that get masks of their own, at least 1
   * @param share the probability of each, in [0, 1]
   * @return ascending, in [0, batchSize)
   */
  public int[] selfConditioned(int batchSize, double share) {
    return IntStream.range(0, batchSize)
        .filter(b -> noise.uniform(Purpose.SELF_CONDITIONING, step, index(b), 0) < share)
        .toArray();
  }

  /**
   * {@return the seed of the engine's own draws in one part of a network, for this step and these
   * examples}
   *
   * @param part a number that tells the draws of a network apart, from 0 on
   */
  public int engineSeed(int part) {
    int[] block = new int[WORDS];
    noise.fill(block, Purpose.ENGINE, step, firstExample, part);
    return block[0];
  }

  /** Returns the index in the step's batch of an example here. */
  private long index(int example) {
    return firstExample + (long) example * stride;
  }

  private void fill(byte[] mask, int example, int channels, long threshold) {
    int[] words = noise.words(Purpose.DROPOUT, step, index(example), channels);
    int at = example * channels;
    for (int channel = 0; channel < channels; channel++) {
      mask[at + channel] = (byte) ((words[channel] & WORD) >= threshold ? 1 : 0);
    }
  }
}
