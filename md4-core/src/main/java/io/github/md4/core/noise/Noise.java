// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.noise;

/**
 * All randomness of a run: uniforms that are a pure function of (seed, purpose, step, example,
 * position), by Philox 4x32 with ten rounds, a generator based on counters (Salmon et al., 2011).
 *
 * <p>Nothing is consumed and there is no state, so the same masks are drawn on any device, in any
 * batch split, in any order, on any thread, and after a resume.
 *
 * @param seed any value; two seeds give unrelated noise
 */
public record Noise(long seed) {
  private static final double TWO_TO_MINUS_53 = 0x1p-53;

  /** The use of noise; each has its own stream, so that no two uses share a number. */
  public enum Purpose {
    /** The first weights of a network. */
    INITIALIZATION(0),
    /** Times of training. */
    TIME(1),
    /** Masks of training. */
    MASK(2),
    /** Dropout masks. */
    DROPOUT(3),
    /** Seeds of the engine's own generator. */
    ENGINE(4),
    /** The order of the training data in an epoch. */
    DATA_ORDER(5),
    /** Tokens drawn by a sampler. */
    SAMPLE(6),
    /** Times of an evaluation. */
    EVALUATION_TIME(7),
    /** Masks of an evaluation. */
    EVALUATION_MASK(8),
    /** Data that a program makes up. */
    SOURCE(9),
    /** Examples that lose their class in training, for guidance. */
    LABEL(16),
    /** Steps or times at which positions are revealed or jump. */
    REVEAL(24),
    /** Positions that a sampler masks again. */
    REMASK(25),
    /** Orders in which positions are revealed. */
    ORDER(26),
    /** Masks of a sequence that is to be reconstructed. */
    RECONSTRUCTION(27),
    /** Draws of GenMD4 that are kept or taken back. */
    KEEP(30),
    /** Examples of training that are shown a first guess. */
    SELF_CONDITIONING(40);

    /**
     * Part of the counter: never changed, nor used for another, or old runs could not be resumed.
     */
    private final int code;

    Purpose(int code) {
      this.code = code;
    }
  }

  /**
   * Returns the uniforms at positions 0 to {@code count - 1}.
   *
   * @param purpose the use of the numbers; uses share none
   * @param step the step or pass, at least 0, below 2^32
   * @param example the example, at least 0, below 2^32
   * @param count the number of uniforms, in [0, 2^30)
   * @return {@code count} numbers in [0, 1), multiples of 2^-53
   * @throws IllegalArgumentException if {@code step} or {@code example} is outside [0, 2^32), or
   *     {@code count} negative
   * @throws ArithmeticException if {@code count} is 2^30 or more
   */
  public double[] uniforms(Purpose purpose, long step, long example, int count) {
    double[] u = new double[count];
    int[] words = words(purpose, step, example, Math.multiplyExact(2, count));
    for (int position = 0; position < count; position++) {
      u[position] = unit(words[2 * position], words[2 * position + 1]);
    }
    return u;
  }

  /**
   * {@return the first random words, each uniform over 2^32 values: the blocks of {@link #fill} one
   * after another}
   *
   * @param purpose the use of the numbers; uses share none
   * @param step the step or pass, at least 0, below 2^32
   * @param example the example, at least 0, below 2^32
   * @param count the number of words, at least 0
   * @throws IllegalArgumentException if {@code step} or {@code example} is outside [0, 2^32), or
   *     {@code count} negative
   */
  public int[] words(Purpose purpose, long step, long example, int count) {
    int[] words = new int[count];
    new PhiloxBlocks(word(example), word(step), purpose.code, seed).fill(words);
    return words;
  }

  /**
   * {@return one element of {@link #uniforms}, in [0, 1)}
   *
   * @param purpose the use of the numbers; uses share none
   * @param step the step or pass, at least 0, below 2^32
   * @param example the example, at least 0, below 2^32
   * @param position the position in the example, at least 0
   * @throws IllegalArgumentException if {@code step} or {@code example} is outside [0, 2^32)
   */
  public double uniform(Purpose purpose, long step, long example, int position) {
    int[] block = new int[4];
    fill(block, purpose, step, example, position >>> 1);
    int word = 2 * (position & 1);
    return unit(block[word], block[word + 1]);
  }

  /**
   * {@return 64 random bits, for what takes a seed of its own (an engine's generator)}
   *
   * @param purpose the use of the numbers; uses share none
   * @param step the step or pass, at least 0, below 2^32
   * @param example the example, at least 0, below 2^32
   * @throws IllegalArgumentException if {@code step} or {@code example} is outside [0, 2^32)
   */
  public long bits(Purpose purpose, long step, long example) {
    int[] block = new int[4];
    fill(block, purpose, step, example, 0);
    return ((long) block[0] << 32) | (block[1] & 0xFFFFFFFFL);
  }

  /**
   * Fills {@code block} with the four words at {@code index}; each is uniform over 2^32 values.
   *
   * @param block four words or more, of which the first four are overwritten
   * @param purpose the use of the numbers; uses share none
   * @param step the step or pass, at least 0, below 2^32
   * @param example the example, at least 0, below 2^32
   * @param index the block's number in the stream, at least 0
   * @throws IllegalArgumentException if {@code step} or {@code example} is outside [0, 2^32)
   */
  public void fill(int[] block, Purpose purpose, long step, long example, int index) {
    block[0] = index;
    block[1] = word(example);
    block[2] = word(step);
    block[3] = purpose.code;
    Philox.scramble(block, seed);
  }

  private static int word(long value) {
    if (value >>> 32 != 0) {
      throw new IllegalArgumentException("must be in [0, 2^32): " + value);
    }
    return (int) value;
  }

  private static double unit(int high, int low) {
    return ((high >>> 5) * 0x1p26 + (low >>> 6)) * TWO_TO_MINUS_53;
  }
}
