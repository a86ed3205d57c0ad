// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.train.update.UpdateListener.Phase;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The milliseconds of a step's parts, where the host waits for each part before the next. Their sum
 * is larger than the time of a step in training, where parts overlap.
 *
 * @param data the milliseconds to prepare the batch on the host, the median of steps
 * @param phases the milliseconds of the phases of an update on the device, medians of steps
 * @param average the milliseconds of the optimizer's phase that the exponential average takes
 */
public record PhaseTimes(double data, Map<Phase, Double> phases, double average) {

  /**
   * Copies the map.
   *
   * @param data the milliseconds to prepare the batch on the host, the median of steps
   * @param phases the milliseconds of the phases of an update on the device, medians of steps
   * @param average the milliseconds of the optimizer's phase that the exponential average takes
   */
  public PhaseTimes {
    phases = Collections.unmodifiableMap(new EnumMap<>(phases));
  }

  /** {@return the milliseconds of all parts together; the average is in the optimizer's} */
  public double sum() {
    return data + phases.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
