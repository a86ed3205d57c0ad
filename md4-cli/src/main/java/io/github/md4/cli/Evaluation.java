// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.diffusion.NegativeElbo;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.train.data.EvaluationChunks;
import java.io.IOException;

/**
 * How models are scored: the same for every model, so that their scores can be compared.
 *
 * @param axis whether time is continuous or in steps
 * @param limit only so many of the first chunks are scored
 */
record Evaluation(TimeAxis axis, LikelihoodEstimator.Settings settings, long limit) {

  /** Returns what a model gives to the data. */
  EvaluationReport score(LoadedModel model, EvaluationData data) throws IOException {
    EvaluationChunks chunks = data.chunksFor(model);
    LikelihoodEstimate estimate = estimate(model, chunks);
    return new EvaluationReport(
        this,
        estimate,
        chunks,
        new EvaluationReport.Inputs(model.description().tokenizer().unit(), model.origin(), data));
  }

  private LikelihoodEstimate estimate(LoadedModel model, EvaluationChunks chunks) {
    SavedModel.Description description = model.description();
    NegativeElbo elbo =
        new NegativeElbo(description.tokenSpace(), description.config().maskingSchedule(), axis);
    long total = settings.passes() * Math.min(limit, chunks.count());
    try (Progress progress = Progress.start("evaluate", 0, total)) {
      return new LikelihoodEstimator(elbo, settings)
          .estimate(
              model.manager(),
              model.model().denoiser(),
              chunks.first(limit),
              done -> progress.at(done, ""));
    }
  }
}
