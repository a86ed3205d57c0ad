// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Keeps the tokens of each sequence at first and after each call that changed some. */
final class SeenStates implements SamplingListener {
  private final Map<Long, List<int[]>> states = new HashMap<>();
  private final Set<Long> changed = new HashSet<>(); // in this call

  SeenStates(List<InitialSequence> initial) {
    for (InitialSequence each : initial) {
      states.put(each.index(), new ArrayList<>(List.of(each.zt().clone())));
    }
  }

  @Override
  public void called(int done, int planned) {
    changed.clear();
  }

  @Override
  public void changed(TokenEvent event) {
    List<int[]> own = states.get(event.sample());
    if (changed.add(event.sample())) {
      own.add(own.get(own.size() - 1).clone());
    }
    own.get(own.size() - 1)[event.position()] = event.token();
  }

  /** Returns the states of a sequence, each other than the one before. */
  List<int[]> of(long index) {
    return distinct(states.get(index));
  }

  /** Returns states without those that are like the one before. */
  static List<int[]> distinct(List<int[]> states) {
    List<int[]> distinct = new ArrayList<>();
    for (int[] each : states) {
      if (distinct.isEmpty() || !Arrays.equals(distinct.get(distinct.size() - 1), each)) {
        distinct.add(each);
      }
    }
    return distinct;
  }

  /** Compares states with those of the authors' code. */
  static void checkStates(String what, List<int[]> ours, List<int[]> theirs) {
    assertThat(ours.toArray(int[][]::new))
        .as(what)
        .isDeepEqualTo(distinct(theirs).toArray(int[][]::new));
  }
}
