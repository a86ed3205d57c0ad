// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.likelihood.BoundEstimator;
import io.github.md4.core.model.ModelObjective;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;

/** An estimator of the bound as the command line names it, not yet of a model. */
sealed interface EstimatorOption {

  /**
   * Returns the estimator for a model.
   *
   * @throws InvalidConfigException if the model's schedule is learned and has no such bound
   */
  BoundEstimator of(SavedModel model);

  /**
   * The estimator of continuous time or of steps. Has no effect on an autoregressive model.
   *
   * @param floor has an effect on learned schedules only
   */
  record OnAxis(TimeAxis axis, TimeFloor floor) implements EstimatorOption {
    @Override
    public BoundEstimator of(SavedModel model) {
      if (!(axis instanceof TimeAxis.Continuous)) {
        checkIsCurve(model, "--steps");
      }
      return model.objective(axis, floor).estimator();
    }
  }

  /** The estimator of guesses in any order. */
  record InAnyOrder() implements EstimatorOption {
    @Override
    public BoundEstimator of(SavedModel model) {
      checkIsCurve(model, "--any-order");
      SavedModel.Description description = model.description();
      return description.config().objective() == ModelObjective.AUTOREGRESSIVE
          ? new OnAxis(new TimeAxis.Continuous(), TimeFloor.REFERENCE).of(model)
          : new BoundEstimator.AnyOrder(
              description.tokenSpace(), description.config().maskingSchedule());
    }
  }

  private static void checkIsCurve(SavedModel model, String option) {
    if (model.schedule() instanceof GenMd4Schedule) {
      throw new InvalidConfigException(
          option, "the model's schedule is learned and has the bound of continuous time only");
    }
  }
}
