// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.train.TrainingListener;
import io.github.md4.train.evaluation.Evaluation;
import io.github.md4.train.evaluation.Evaluator;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The listener of all processes but the first: it does their shares of evaluations and samples, and
 * records nothing.
 */
record FollowingListener(Evaluator evaluator, TrainingSamples samples) implements TrainingListener {
  @Override
  public void onEvaluation(Learner learner, BooleanSupplier isStopRequested) throws IOException {
    List<int[]> unusedSamples = samples.draw(learner, isStopRequested);
    List<Evaluation> unusedEvaluations = evaluator.evaluate(learner, isStopRequested);
  }
}
