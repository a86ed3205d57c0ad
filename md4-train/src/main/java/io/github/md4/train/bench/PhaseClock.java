// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.train.speed.Spread;
import io.github.md4.train.update.UpdateListener;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The clock of the phases of steps. It waits for the device after each phase. */
final class PhaseClock implements UpdateListener {
  private final Runnable waitForDevice;
  private final List<Map<Phase, Double>> steps = new ArrayList<>();
  private long since;

  PhaseClock(Runnable waitForDevice) {
    this.waitForDevice = waitForDevice;
  }

  /** Begins a step. */
  void start() {
    waitForDevice.run();
    steps.add(new EnumMap<>(Phase.class));
    since = System.nanoTime();
  }

  @Override
  public void after(Phase phase) {
    waitForDevice.run();
    long now = System.nanoTime();
    double unused = steps.get(steps.size() - 1).merge(phase, (now - since) * 1e-6, Double::sum);
    since = now;
  }

  /** Returns the median of each phase over the steps, in milliseconds. */
  Map<Phase, Double> medians() {
    Map<Phase, Double> medians = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      double[] times = steps.stream().mapToDouble(step -> step.get(phase)).toArray();
      medians.put(phase, Spread.of(times).median());
    }
    return medians;
  }
}
