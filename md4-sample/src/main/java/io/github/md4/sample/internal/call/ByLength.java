// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.sample.trajectory.InitialSequence;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The grouping of sequences by length: a request goes on with one length after another. */
public final class ByLength {
  private ByLength() {}

  /** Returns the indices of the sequences of each length, in their order, first length first. */
  public static Collection<List<Integer>> of(List<InitialSequence> sequences) {
    Map<Integer, List<Integer>> places = new LinkedHashMap<>();
    for (int i = 0; i < sequences.size(); i++) {
      places.computeIfAbsent(sequences.get(i).zt().length, length -> new ArrayList<>()).add(i);
    }
    return places.values();
  }
}
