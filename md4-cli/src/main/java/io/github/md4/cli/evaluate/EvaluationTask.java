// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.screen.Progress;
import io.github.md4.core.Division;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.train.data.window.EvaluationChunks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * An evaluation to be made, the same for every model, so that their bounds can be compared.
 *
 * @param asked the estimators, at least one, on the same uniforms
 * @param limit the number of chunks that are scored, from the first on
 * @param division divides the batches
 * @param told says which options give nothing of their own for a model
 */
record EvaluationTask(
    List<EstimatorOption> asked,
    LikelihoodEstimator.Settings settings,
    long limit,
    Division division,
    OptionsWithoutEffect told) {

  /** Evaluates a model on the data. */
  EvaluationReport evaluate(LoadedModel model, EvaluationData data) throws IOException {
    EvaluationChunks chunks = data.chunksFor(model);
    List<BoundEstimate> bounds = bounds(model, chunks);
    return new EvaluationReport(
        this, bounds, headline(model, bounds), chunks, EvaluationReport.Inputs.of(model, data));
  }

  /**
   * Returns the options that ask for what another one gives of this model: an exact likelihood has
   * no steps, and an objective of any order is its own.
   */
  List<String> withoutEffect(LoadedModel model) {
    Objective plain = EstimatorOption.plain().of(model.model());
    return asked.stream()
        .filter(each -> !each.equals(EstimatorOption.plain()))
        .filter(each -> each.of(model.model()).equals(plain))
        .map(EstimatorOption::words)
        .distinct()
        .toList();
  }

  /** Returns the bound nearest to continuous time; the least of noisy bounds would be biased. */
  private BoundEstimate headline(LoadedModel model, List<BoundEstimate> bounds) {
    EstimatorOption finest =
        asked.stream().max(Comparator.comparingLong(EstimatorOption::fineness)).orElseThrow();
    Objective objective = finest.of(model.model());
    return bounds.stream()
        .filter(bound -> bound.objective().equals(objective))
        .findFirst()
        .orElseThrow();
  }

  /** Returns the result of each estimator. */
  List<BoundEstimate> bounds(LoadedModel model, Examples examples) {
    told.tell(this, model);
    Examples some = examples.first(limit);
    List<Objective> estimators =
        asked.stream().map(each -> each.of(model.model())).distinct().toList();
    long each = settings.passes() * some.count();
    List<BoundEstimate> bounds = new ArrayList<>();
    try (Progress progress = Progress.start("evaluate", 0, each * estimators.size())) {
      for (Objective estimator : estimators) {
        long before = each * bounds.size();
        bounds.add(
            new LikelihoodEstimator(estimator, settings, division)
                .score(
                    model.manager(),
                    model.model().denoiser(),
                    some,
                    done -> progress.at(before + done, "")));
      }
    }
    return bounds;
  }
}
