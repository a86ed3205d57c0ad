// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.train.UpdateListener.Phase;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The milliseconds of a step's parts, where the host waits for each part before the next. Their sum
 * is larger than the time of a step in training, where parts overlap.
 *
 * @param data the time to prepare the batch on the host
 * @param phases the times of the phases of an update on the device
 * @param average the part of the optimizer's time that the exponential average takes
 */
public record PhaseTimes(double data, Map<Phase, Double> phases, double average) {

  /**
   * Copies the map.
   *
   * @param data the time to prepare the batch on the host
   * @param phases the times of the phases of an update on the device
   * @param average the part of the optimizer's time that the exponential average takes
   */
  public PhaseTimes {
    phases = Collections.unmodifiableMap(new EnumMap<>(phases));
  }

  /** {@return the sum of all parts} */
  public double sum() {
    return data + phases.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
