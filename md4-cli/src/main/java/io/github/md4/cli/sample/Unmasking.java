// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.sample.InitialSequence;
import io.github.md4.sample.SamplingListener;
import io.github.md4.sample.TokenEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** How the first samples look on their way: what changes is remembered, and shown step by step. */
final class Unmasking implements SamplingListener {
  /** How many samples are shown at most. */
  static final int MOST = 9;

  private static final int FRAMES = 64;

  private final List<InitialSequence> starts;
  private final List<TokenEvent> events = new ArrayList<>();

  /**
   * @param all the starts of what is sampled, with the indices from 0 on
   */
  Unmasking(List<InitialSequence> all) {
    this.starts = all.subList(0, Math.min(MOST, all.size()));
  }

  @Override
  public void called(int done, int planned) {}

  @Override
  public void changed(TokenEvent event) {
    if (event.sample() < starts.size()) {
      events.add(event);
    }
  }

  /** Returns the starts, then their states at steps that are evenly spread, to the last. */
  List<List<int[]>> frames() {
    List<TokenEvent> inOrder = new ArrayList<>(events);
    inOrder.sort(Comparator.comparingInt(event -> event.point().step())); // which is stable
    int steps = events.stream().mapToInt(event -> event.point().step() + 1).max().orElse(1);
    List<int[]> states = new ArrayList<>(starts.stream().map(start -> start.zt().clone()).toList());
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
