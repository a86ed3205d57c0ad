// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.diffusion.NegativeElbo;
import io.github.md4.core.likelihood.BoundEstimator;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.TimeAxis;

/** An estimator of the bound as the command line names it, before there is a model. */
sealed interface AskedEstimator {

  /** Returns the estimator for a model. */
  BoundEstimator of(SavedModel.Description model);

  /** Continuous time, or steps. */
  record OnAxis(TimeAxis axis) implements AskedEstimator {
    @Override
    public BoundEstimator of(SavedModel.Description model) {
      return new BoundEstimator.OfTime(
          new NegativeElbo(model.tokenSpace(), model.config().maskingSchedule(), axis));
    }
  }

  /** Any order. */
  record InAnyOrder() implements AskedEstimator {
    @Override
    public BoundEstimator of(SavedModel.Description model) {
      return new BoundEstimator.AnyOrder(model.tokenSpace(), model.config().maskingSchedule());
    }
  }
}
