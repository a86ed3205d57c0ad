// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.core.kernel.GpuTimeline;
import io.github.md4.core.kernel.GpuTimeline.Mark;
import io.github.md4.train.UpdateListener;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a GPU may have waited for the host: after each phase is queued, the GPU is asked whether
 * it has already done the phase before. If not, it had work all the time in between; if so, it may
 * have waited from then on, and the time until the phase's own end counts as waiting.
 */
final class GapClock implements UpdateListener, AutoCloseable {
  private final GpuTimeline gpu;
  private final List<Mark> marks = new ArrayList<>();
  private final List<Integer> lateFrom = new ArrayList<>();

  GapClock(GpuTimeline gpu) {
    this.gpu = gpu;
  }

  @Override
  public void after(Phase phase) {
    int last = marks.size() - 1;
    if (last >= 0 && marks.get(last).isReached()) {
      lateFrom.add(last);
    }
    marks.add(gpu.mark());
  }

  /** Waits for the GPU and returns the most that it can have waited since the first phase. */
  double mostMilliseconds() {
    return lateFrom.stream()
        .mapToDouble(from -> marks.get(from).millisecondsTo(marks.get(from + 1)))
        .sum();
  }

  @Override
  public void close() {
    marks.forEach(Mark::close);
  }
}
