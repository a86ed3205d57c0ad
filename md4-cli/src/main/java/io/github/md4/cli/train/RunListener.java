// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.train.Learner;
import io.github.md4.train.Spike;
import io.github.md4.train.TrainingListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Evaluates a model in training, draws samples from it, and records what comes out. */
record RunListener(
    RunRecorder recorder,
    Evaluations evaluations,
    TrainingSamples samples,
    BestModel best,
    PrintWriter err)
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

  @Override
  public void onSpike(Spike spike) throws IOException {
    recorder.spike(spike);
    err.println("md4: skipped " + text(spike));
  }

  @Override
  public void onRollback(Spike spike, long step) throws IOException {
    recorder.rollback(spike, step);
    err.println("md4: went back to step " + step + ", and on past " + text(spike));
  }

  private static String text(Spike spike) {
    return String.format(
        Locale.ROOT,
        "step %d: %.4f bits per token, gradient norm %.4g (%s); md4 train --replay %1$d runs it again",
        spike.step(),
        spike.bitsPerToken(),
        spike.gradientNorm(),
        spike.examples());
  }
}
