// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.ReverseProcess;

/** When positions can be revealed: the one place where steps and continuous time differ. */
sealed interface RevealTimes {

  /** Returns the time that the network is told when it reveals a position; 0 if it is left over. */
  double timeOf(double u);

  /**
   * Returns the number of the step at that time.
   *
   * @param before how many other times there were before it
   */
  int step(double time, int before);

  /** A grid's steps: a position is revealed by the network's answer at its step's beginning. */
  public record Grid(
      SamplingSteps steps, int first, double[] times, ReverseProcess.RevealSteps reveal)
      implements RevealTimes {

    public static Grid of(SamplingSteps steps, SamplingContext setting) {
      int first = steps.first(setting.from());
      double[] times = steps.timesFrom(first);
      return new Grid(steps, first, times, setting.process().revealSteps(times));
    }

    @Override
    public double timeOf(double u) {
      return times[reveal.of(u)];
    }

    @Override
    public int step(double time, int before) {
      int low = 0;
      int high = times.length - 1;
      while (low < high) {
        int middle = (low + high) / 2;
        if (times[middle] > time) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return first + low;
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
  }
}
