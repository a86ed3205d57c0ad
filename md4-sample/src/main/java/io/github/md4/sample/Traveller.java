// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/** A walk, whose it is, and how often it has asked. */
final class Traveller {
  private final int place;
  private final Start start;
  private final Walk walk;
  private Question question;
  private int calls;

  /**
   * @param place that of the start in its request
   */
  Traveller(int place, Start start, Walk walk) {
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

  Start start() {
    return start;
  }

  int[] z() {
    return walk.z();
  }

  boolean isDone() {
    return question == null;
  }

  /** Returns what it asks; there is something while it is not done. */
  Question question() {
    return question;
  }

  void answer(Answers answers, SamplingListener listener) {
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
