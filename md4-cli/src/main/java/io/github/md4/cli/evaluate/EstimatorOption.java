// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;

/** An estimate of the bound as the command line names it, before there is a model. */
sealed interface EstimatorOption {

  /**
   * Returns the objective whose value is estimated.
   *
   * @throws InvalidConfigException if the model's schedule is learned and has no such bound
   */
  Objective of(SavedModel model);

  /** Returns what is estimated where no option says so. */
  static EstimatorOption plain() {
    return new OnAxis(new TimeAxis.Continuous(), TimeFloor.REFERENCE);
  }

  /** Returns the option as it is typed. */
  String words();

  /** Returns how many steps it has; the largest number for continuous time. */
  long fineness();

  /**
   * The bound of continuous time, or of steps; without effect on an autoregressive model.
   *
   * @param floor has an effect on learned schedules only
   */
  record OnAxis(TimeAxis axis, TimeFloor floor) implements EstimatorOption {
    @Override
    public Objective of(SavedModel model) {
      boolean exists =
          axis.isContinuous() || model.schedule().match(shared -> true, perToken -> false);
      if (!exists) {
        throw noSuchBound("--steps");
      }
      try {
        return model.objective(axis, floor).likelihood();
      } catch (IllegalArgumentException e) {
        throw new InvalidConfigException("--steps", e.getMessage());
      }
    }

    @Override
    public String words() {
      return axis.match(() -> "--time-floor", steps -> "--steps " + steps);
    }

    @Override
    public long fineness() {
      return axis.match(() -> Long.MAX_VALUE, steps -> (long) steps);
    }
  }

  /** The bound by orders of tokens. */
  record InAnyOrder() implements EstimatorOption {
    @Override
    public Objective of(SavedModel model) {
      return model
          .anyOrderObjective()
          .orElseThrow(
              () ->
                  model
                      .schedule()
                      .match(
                          shared ->
                              new InvalidConfigException(
                                  "--any-order", "nothing of the model is masked"),
                          perToken -> noSuchBound("--any-order")));
    }

    @Override
    public String words() {
      return "--any-order";
    }

    @Override
    public long fineness() {
      return 0; // stands beside the bound of times
    }
  }

  private static InvalidConfigException noSuchBound(String option) {
    return new InvalidConfigException(
        option, "the model's schedule is learned and has the bound of continuous time only");
  }
}
