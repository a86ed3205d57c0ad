// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.train.data.window.Windows;

/**
 * Windows of a sequence of uniform tokens in memory, as fast to read as a mapped file. They take
 * about a MiB of the heap, so that a measurement of memory is one of the training. Safe for several
 * threads.
 */
public final class RandomWindows implements Windows {
  private static final int STRETCH = 1 << 18;
  private static final int DRAWN_AT_ONCE = 1 << 12;

  private final int[] tokens;
  private final int length;
  private final int classes;

  /**
   * Draws the tokens.
   *
   * @param noise the noise of the run's seed
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @param length N, the number of tokens of a sequence, at least 1
   * @param classes the number of labels, which follow each other in turn, at least 0; 0 without
   *     labels
   * @throws IllegalArgumentException if a number is out of its range
   */
  public RandomWindows(Noise noise, int vocabularySize, int length, int classes) {
    require(vocabularySize >= 1, "vocabularySize must be at least 1", vocabularySize);
    require(length >= 1, "length must be at least 1", length);
    require(classes >= 0, "classes must be at least 0", classes);
    this.length = length;
    this.classes = classes;
    this.tokens = new int[STRETCH + length];
    for (int first = 0; first < tokens.length; first += DRAWN_AT_ONCE) {
      int count = Math.min(DRAWN_AT_ONCE, tokens.length - first);
      double[] u = noise.uniforms(Purpose.SOURCE, 0, first / DRAWN_AT_ONCE, count);
      for (int i = 0; i < count; i++) {
        tokens[first + i] = (int) (u[i] * vocabularySize);
      }
    }
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public void read(long position, int[] into) {
    int start = Math.floorMod(position * length, STRETCH);
    System.arraycopy(tokens, start, into, 0, length);
  }

  @Override
  public int label(long position) {
    return classes == 0 ? Condition.NO_LABEL : (int) (position % classes);
  }
}
