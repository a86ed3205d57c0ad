// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * The states of a position: V tokens and the mask. The one place that knows which number the mask
 * has.
 *
 * @param vocabularySize V, the number of tokens without the mask, at least 2
 */
public record TokenSpace(int vocabularySize) {

  /**
   * Checks the components.
   *
   * @param vocabularySize V, the number of tokens without the mask, at least 2
   * @throws IllegalArgumentException if {@code vocabularySize} is below 2
   */
  public TokenSpace {
    if (vocabularySize < 2) {
      throw new IllegalArgumentException("vocabularySize must be at least 2: " + vocabularySize);
    }
  }

  /** {@return the mask m, which is the id V} */
  public int maskToken() {
    return vocabularySize;
  }

  /**
   * {@return whether a token is the mask}
   *
   * @param token a token or the mask, in [0, V]
   */
  public boolean isMask(int token) {
    return token == vocabularySize;
  }
}
