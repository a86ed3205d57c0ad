// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/** A walk, whose it is, and how often it has asked. */
final class ActiveSequence {
  private final int place;
  private final InitialSequence start;
  private final Trajectory walk;
  private TrajectoryQuery question;
  private int calls;

  /**
   * @param place that of the start in its request
   */
  ActiveSequence(int place, InitialSequence start, Trajectory walk) {
    this.place = place;
    this.start = start;
    this.walk = walk;
    ask();
  }

  private void ask() {
    question = walk.isDone() ? null : walk.question();
  }

  int place() {
    return place;
  }

  InitialSequence start() {
    return start;
  }

  int[] z() {
    return walk.z();
  }

  boolean isDone() {
    return question == null;
  }

  /** Returns what it asks; there is something while it is not done. */
  TrajectoryQuery question() {
    return question;
  }

  void answer(Draws answers, SamplingListener listener) {
    calls++;
    walk.answer(
        answers,
        (moment, position, token, probability) ->
            listener.changed(new TokenEvent(start.index(), moment, position, token, probability)));
    ask();
  }

  Sample sample() {
    return new Sample(start.index(), walk.z().clone(), calls);
  }
}
