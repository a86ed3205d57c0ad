// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import java.util.HashMap;
import java.util.Map;

/**
 * The number of times that graphs were asked for, by what they are recorded for. All is forgotten
 * once there are too many kinds.
 *
 * @param <K> what a graph is recorded for
 */
public final class AskedCounts<K> {
  private static final int MOST_KINDS = 1024;

  private final Map<K, Integer> counts = new HashMap<>();

  /** Returns how often a kind was asked for, with the given times. */
  public int add(K kind, int times) {
    if (counts.size() == MOST_KINDS) {
      counts.clear();
    }
    return counts.merge(kind, times, Integer::sum);
  }

  /** Forgets a kind, which has to be asked for often again. */
  public void forget(K kind) {
    counts.remove(kind);
  }
}
