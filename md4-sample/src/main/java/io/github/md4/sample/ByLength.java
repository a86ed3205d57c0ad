// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sequences of several lengths, which the network cannot see together. */
final class ByLength {
  private ByLength() {}

  /** Returns the places of the starts of each length, in their order, first length first. */
  static Collection<List<Integer>> of(List<InitialSequence> starts) {
    Map<Integer, List<Integer>> places = new LinkedHashMap<>();
    for (int i = 0; i < starts.size(); i++) {
      places.computeIfAbsent(starts.get(i).zt().length, length -> new ArrayList<>()).add(i);
    }
    return places.values();
  }
}
