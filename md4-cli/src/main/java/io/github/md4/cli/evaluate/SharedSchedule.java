// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.model.LoadedModel;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Optional;

/** The schedule of a model that reveals masks, if all tokens share it. */
final class SharedSchedule {
  private SharedSchedule() {}

  /**
   * Returns it.
   *
   * @param likelihood the likelihood that needs it, for the message
   * @throws InvalidConfigException if the model has none
   */
  static MaskingSchedule of(LoadedModel model, String likelihood) {
    Optional<MaskingSchedule> shared =
        model.model().schedule().match(Optional::of, perToken -> Optional.empty());
    boolean isUnmasking = model.description().config().objective().generation().isUnmasking();
    if (shared.isEmpty() || !isUnmasking) {
      throw new InvalidConfigException(
          "--model",
          "has no %s: it must reveal masks by a schedule that all tokens share, not %s with the schedule %s"
              .formatted(
                  likelihood,
                  model.description().config().objective(),
                  model.description().config().schedule()));
    }
    return shared.get();
  }
}
