// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.util.Locale;

/** How a feature map lies in memory; of no effect on results but for their last bits. */
public enum MemoryFormat {
  /** All channels of a pixel together, as tensor cores want convolutions. */
  CHANNELS_LAST,
  /** A plane a channel: the engine's own group normalisation takes nothing else. */
  CHANNELS_FIRST;

  /** Returns the layout written as {@code channels-last} or {@code channels-first}. */
  public static MemoryFormat parse(String text) {
    return Choices.parse(values(), "layout", text);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
