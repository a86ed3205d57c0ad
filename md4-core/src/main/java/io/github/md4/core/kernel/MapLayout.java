// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import java.util.Locale;

/** How a feature map lies in memory; of no effect on results but for their last bits. */
public enum MapLayout {
  /** All channels of a pixel together, as tensor cores want convolutions. */
  CHANNELS_LAST,
  /** A plane a channel: the engine's own group normalisation takes nothing else. */
  CHANNELS_FIRST;

  /** Returns the layout written as {@code channels-last} or {@code channels-first}. */
  public static MapLayout parse(String text) {
    for (MapLayout layout : values()) {
      if (layout.toString().equals(text)) {
        return layout;
      }
    }
    throw new IllegalArgumentException("layout must be channels-last or channels-first: " + text);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
