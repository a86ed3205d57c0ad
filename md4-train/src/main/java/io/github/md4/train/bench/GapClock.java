// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.cuda.GpuTimeline.Mark;
import io.github.md4.train.update.UpdateListener;
import java.util.ArrayList;
import java.util.List;

/**
 * The time that a GPU may have waited for the host. After each phase is queued, the GPU is asked
 * whether it has finished the phase before. If not, it had work all the time. If so, it may have
 * waited since, but no longer than the phase took on the GPU, nor than the host took to queue it.
 */
final class GapClock implements UpdateListener, AutoCloseable {
  private final GpuTimeline gpu;
  private final List<Mark> marks = new ArrayList<>();
  private final List<Late> late = new ArrayList<>();
  private long sinceMark;

  /**
   * A phase that the GPU may have waited for.
   *
   * @param after the index of the mark in front of it
   * @param queuing the milliseconds that the host took to queue it
   */
  private record Late(int after, double queuing) {}

  GapClock(GpuTimeline gpu) {
    this.gpu = gpu;
  }

  @Override
  public void after(Phase phase) {
    int last = marks.size() - 1;
    boolean isLate = last >= 0 && marks.get(last).isReached();
    long before = System.nanoTime();
    marks.add(gpu.mark());
    if (isLate) {
      late.add(new Late(last, (System.nanoTime() - sinceMark) * 1e-6));
    }
    sinceMark = before;
  }

  /**
   * Waits for the GPU and returns the longest time that it can have waited since the first phase.
   */
  double mostMilliseconds() {
    return late.stream().mapToDouble(each -> Math.min(onDevice(each), each.queuing)).sum();
  }

  private double onDevice(Late each) {
    return marks.get(each.after).millisecondsTo(marks.get(each.after + 1));
  }

  @Override
  public void close() {
    marks.forEach(Mark::close);
  }
}
