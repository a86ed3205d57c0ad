// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.LearnedPowers;
import io.github.md4.core.schedule.Schedule;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The schedule of a model as its folder has it: the curve that its config names, or the learned
 * numbers among its weights.
 *
 * @param weights the file of the weights
 */
record StoredSchedule(SavedModel.Description model, Path weights) {

  /** One way to read a schedule. */
  @FunctionalInterface
  private interface Reading {
    Schedule schedule() throws IOException;
  }

  /**
   * Returns the schedule.
   *
   * @param manager the owner of what is read meanwhile
   * @throws InvalidDataException if the weights are those of another kind of schedule
   */
  Schedule read(NDManager manager) throws IOException {
    Reading reading =
        model
            .config()
            .schedule()
            .match(
                curve -> () -> curve(curve),
                powers -> () -> powers(manager, powers),
                noise -> () -> new NoiseParameter(noise).read(weights, manager));
    return reading.schedule();
  }

  private Schedule powers(NDManager manager, LearnedPowers learned) throws IOException {
    return new GenMd4Parameter(learned, model.tokenizer().vocabularySize())
        .read(weights, manager, model.config().epsilon());
  }

  private Schedule curve(Curve curve) throws IOException {
    refuseIf(GenMd4Parameter.isIn(weights), "has learned powers", curve);
    refuseIf(NoiseParameter.isIn(weights), "has a learned noise", curve);
    return curve.starting(model.tokenizer().vocabularySize(), model.config().epsilon());
  }

  private void refuseIf(boolean holds, String what, Curve curve) {
    if (holds) {
      throw new InvalidDataException(
          weights,
          "%s, but %s beside it says schedule %s".formatted(what, SavedModel.CONFIG, curve));
    }
  }
}
