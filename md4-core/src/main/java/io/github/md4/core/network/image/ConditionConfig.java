// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import io.github.md4.core.network.TimeFeatures;
import java.util.OptionalInt;

/**
 * What an image network is told besides the pixels.
 *
 * @param timeFeatures whether it is told the time
 * @param classes number of classes it is told, or 0
 * @param labelDropout how often in training it is told no class instead, independently for each
 *     example: what classifier-free guidance needs
 */
public record ConditionConfig(TimeFeatures timeFeatures, int classes, double labelDropout) {

  public ConditionConfig {
    if (classes < 0) {
      throw new IllegalArgumentException("classes must be at least 0: " + classes);
    }
    if (!(labelDropout >= 0 && labelDropout < 1)) {
      throw new IllegalArgumentException("labelDropout must be in [0, 1): " + labelDropout);
    }
    if (labelDropout > 0 && classes == 0) {
      throw new IllegalArgumentException("labelDropout must be 0 without classes: " + labelDropout);
    }
  }

  /** Returns the reference's: the time alone. */
  public static ConditionConfig defaults() {
    return new ConditionConfig(TimeFeatures.T, 0, 0);
  }

  /** Returns whether there is anything that it is told. */
  public boolean isPresent() {
    return timeFeatures == TimeFeatures.T || classes > 0;
  }

  /** Returns the label that stands for no class; nothing where training never drops one. */
  public OptionalInt nullLabel() {
    return labelDropout > 0 ? OptionalInt.of(classes) : OptionalInt.empty();
  }
}
