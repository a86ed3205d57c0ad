// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import io.github.md4.train.UpdateListener.Phase;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * Milliseconds of a step by part, each waited for before the next began: together more than a step
 * that runs freely, where the host works ahead; the difference is what overlaps.
 *
 * @param data the batch, made on the host
 * @param phases all of an update, on the device
 * @param average what the exponential average takes of the optimizer's time
 */
public record StepTimes(double data, Map<Phase, Double> phases, double average) {

  public StepTimes {
    phases = Collections.unmodifiableMap(new EnumMap<>(phases));
  }

  /** Returns all of it together. */
  public double sum() {
    return data + phases.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
