// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.likelihood.BoundEstimator;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.ModelObjective;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.TimeAxis;

/** An estimator of the bound as the command line names it, before there is a model. */
sealed interface AskedEstimator {

  /** Returns the estimator for a model. */
  BoundEstimator of(SavedModel.Description model);

  /** Continuous time, or steps; of no effect on an autoregressive model. */
  record OnAxis(TimeAxis axis) implements AskedEstimator {
    @Override
    public BoundEstimator of(SavedModel.Description model) {
      return model.config().objective(model.tokenSpace(), axis).estimator();
    }
  }

  /** Any order. */
  record InAnyOrder() implements AskedEstimator {
    @Override
    public BoundEstimator of(SavedModel.Description model) {
      ModelConfig config = model.config();
      return config.objective() == ModelObjective.AUTOREGRESSIVE
          ? new OnAxis(new TimeAxis.Continuous()).of(model)
          : new BoundEstimator.AnyOrder(model.tokenSpace(), config.maskingSchedule());
    }
  }
}
