// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.likelihood.Examples;

/** One sequence repeated, so that its bound is estimated at many times and masks. */
record RepeatedExample(int[] tokens, long count) implements Examples {
  @Override
  public int length() {
    return tokens.length;
  }

  @Override
  public void read(long index, int[] into) {
    System.arraycopy(tokens, 0, into, 0, tokens.length);
  }
}
