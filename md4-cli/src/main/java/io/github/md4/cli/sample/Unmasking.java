// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The states of the first samples while they are unmasked, recorded for an animation. */
final class Unmasking implements SamplingListener {
  /** The most samples that are shown. */
  static final int MOST = 9;

  private static final int FRAMES = 64;

  private final List<InitialSequence> sequences;
  private final List<TokenEvent> events = new ArrayList<>();

  /**
   * @param all the initial sequences of all samples, with the indices from 0 on
   */
  Unmasking(List<InitialSequence> all) {
    this.sequences = all.subList(0, Math.min(MOST, all.size()));
  }

  @Override
  public void called(int done, int planned) {}

  @Override
  public boolean readsPlanned() {
    return false;
  }

  @Override
  public void changed(TokenEvent event) {
    if (event.sample() < sequences.size()) {
      events.add(event);
    }
  }

  /** Returns the initial sequences, then their states at evenly spread steps, to the last. */
  List<List<int[]>> frames() {
    List<TokenEvent> inOrder = new ArrayList<>(events);
    inOrder.sort(Comparator.comparingInt(event -> event.point().step())); // which is stable
    int steps = events.stream().mapToInt(event -> event.point().step() + 1).max().orElse(1);
    List<int[]> states =
        new ArrayList<>(sequences.stream().map(each -> each.zt().clone()).toList());
    List<List<int[]>> frames = new ArrayList<>();
    int next = 0;
    for (int frame = 0; frame <= FRAMES; frame++) {
      while (next < inOrder.size()
          && inOrder.get(next).point().step() < (long) frame * steps / FRAMES) {
        TokenEvent event = inOrder.get(next++);
        states.get(Math.toIntExact(event.sample()))[event.position()] = event.token();
      }
      frames.add(states.stream().map(int[]::clone).toList());
    }
    return frames;
  }
}
