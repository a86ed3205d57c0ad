// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * The states of a position: V tokens and the mask. The one place that knows which number the mask
 * has.
 *
 * @param vocabularySize V, at least 2
 */
public record TokenSpace(int vocabularySize) {

  public TokenSpace {
    if (vocabularySize < 2) {
      throw new IllegalArgumentException("vocabularySize must be at least 2: " + vocabularySize);
    }
  }

  /** {@return the mask m} */
  public int maskToken() {
    return vocabularySize;
  }

  /** {@return {@code token = m}} */
  public boolean isMask(int token) {
    return token == vocabularySize;
  }
}
