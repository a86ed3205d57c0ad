// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.network.TimeFeatures;
import java.util.OptionalInt;

/**
 * The condition of an image network (spec, Section 5.2).
 *
 * @param timeFeatures whether the time is an input
 * @param classes the number of classes, at least 0; 0 for none
 * @param labelDropout the rate, in [0, 1), at which training replaces a label by that of no class,
 *     independently for each example; classifier-free guidance needs it (Ho and Salimans, 2022)
 */
public record ConditionConfig(TimeFeatures timeFeatures, int classes, double labelDropout) {

  /**
   * Checks the components.
   *
   * @param timeFeatures whether the time is an input
   * @param classes the number of classes, at least 0; 0 for none
   * @param labelDropout the rate, in [0, 1), at which training replaces a label by that of no
   *     class, independently for each example; classifier-free guidance needs it (Ho and Salimans,
   *     2022)
   * @throws IllegalArgumentException if a number is out of its range, or labels are to be dropped
   *     where there are none
   */
  public ConditionConfig {
    require(classes >= 0, "classes must be at least 0", classes);
    require(labelDropout >= 0 && labelDropout < 1, "labelDropout must be in [0, 1)", labelDropout);
    require(
        labelDropout == 0 || classes > 0, "labelDropout must be 0 without classes", labelDropout);
  }

  /** {@return the reference's condition: the time only} */
  public static ConditionConfig defaults() {
    return new ConditionConfig(TimeFeatures.T, 0, 0);
  }

  /** {@return whether the network has a condition} */
  public boolean isPresent() {
    return timeFeatures == TimeFeatures.T || classes > 0;
  }

  /** {@return the label of no class, the number of classes; empty where no label is dropped} */
  public OptionalInt nullLabel() {
    return labelDropout > 0 ? OptionalInt.of(classes) : OptionalInt.empty();
  }
}
