// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.util.Locale;

/**
 * The order in memory of the dimensions of a feature map [B, C, H, W]. It affects speed, and only
 * the last bits of results.
 */
public enum MemoryFormat {
  /** The C channels of a pixel are contiguous; tensor cores convolve this format fastest. */
  CHANNELS_LAST,
  /** Each channel is a contiguous plane [H, W]; the engine's group normalisation requires it. */
  CHANNELS_FIRST;

  /**
   * {@return the memory format written as {@code channels-last} or {@code channels-first}}
   *
   * @param text the choice as configs and options write it, in lower case
   * @throws IllegalArgumentException for any other text
   */
  public static MemoryFormat parse(String text) {
    return Choices.parse(values(), "layout", text);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
