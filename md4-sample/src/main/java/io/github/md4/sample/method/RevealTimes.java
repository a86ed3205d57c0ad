// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.schedule.StepTimes;

/** The times at which positions can be revealed, on a grid or in continuous time. */
sealed interface RevealTimes {

  /** Returns the time of the call that reveals a position; {@link #last} if it is left over. */
  double timeOf(double u);

  /**
   * Returns the number of the step at that time.
   *
   * @param before the number of other times before it
   */
  int step(double time, int before);

  /** Returns the time of the call that reveals what is left over. */
  double last();

  /** The steps of a grid: a position is revealed by the call at the beginning of its step. */
  record Grid(StepTimes times, ReverseProcess.RevealSteps reveal) implements RevealTimes {

    static Grid of(ReverseProcess process, StepTimes times) {
      return new Grid(times, process.revealSteps(times));
    }

    @Override
    public double timeOf(double u) {
      return times.time(reveal.of(u));
    }

    @Override
    public int step(double time, int before) {
      return times.first() + times.index(time);
    }

    @Override
    public double last() {
      return times.time(times.steps());
    }
  }

  /** Continuous time: each position at a time of its own (first hitting, arXiv 2409.02908). */
  record Continuous(ReverseProcess process, double from) implements RevealTimes {
    @Override
    public double timeOf(double u) {
      return process.revealTime(u, from);
    }

    @Override
    public int step(double time, int before) {
      return before;
    }

    @Override
    public double last() {
      return 0;
    }
  }
}
