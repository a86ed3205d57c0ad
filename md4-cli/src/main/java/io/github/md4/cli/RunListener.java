// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.train.Learner;
import io.github.md4.train.TrainingListener;
import java.io.IOException;
import java.util.List;

/** Evaluates a model in training, draws samples from it, and records what comes out. */
record RunListener(
    RunRecorder recorder, Evaluations evaluations, TrainingSamples samples, BestModel best)
    implements TrainingListener {

  @Override
  public void onStep(long step) {
    recorder.step(step);
  }

  @Override
  public void onMetrics(StepMetrics metrics) throws IOException {
    recorder.metrics(metrics);
  }

  @Override
  public void onEvaluation(Learner learner) throws IOException {
    List<Evaluations.Score> scores = evaluations.score(learner);
    recorder.scores(learner.updates(), scores);
    best.offer(learner, scores);
    recorder.samples(learner.updates(), samples.draw(learner), samples.tokenizer());
  }
}
