// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.support.Progress;
import io.github.md4.cli.support.WithError;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.train.Learner;
import io.github.md4.train.Spike;
import io.github.md4.train.TrainingListener;
import io.github.md4.train.evaluation.Evaluation;
import io.github.md4.train.evaluation.RunRecorder;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/** The listener of {@code md4 train}: a run's records, with samples and messages on the way. */
final class RunListener implements TrainingListener {
  private final RunRecorder recorder;
  private final TrainingSamples samples;
  private final Progress progress;
  private final PrintWriter out;
  private final PrintWriter err;
  private String note = "";

  RunListener(
      RunRecorder recorder,
      TrainingSamples samples,
      Progress progress,
      PrintWriter out,
      PrintWriter err) {
    this.recorder = recorder;
    this.samples = samples;
    this.progress = progress;
    this.out = out;
    this.err = err;
  }

  @Override
  public void onStep(long step) {
    progress.at(step, note);
  }

  @Override
  public void onMetrics(StepMetrics metrics) throws IOException {
    recorder.onMetrics(metrics);
    note = Progress.note(metrics.bitsPerToken(), metrics.speed());
  }

  @Override
  public void onEvaluation(Learner learner, BooleanSupplier isStopRequested) throws IOException {
    List<int[]> drawn = samples.draw(learner, isStopRequested);
    recorder
        .evaluate(
            learner, isStopRequested) // the last that a stop can end: what follows is recorded
        .forEach(each -> print(learner.updates(), each));
    samples.record(learner.updates(), drawn, recorder);
  }

  private void print(long step, Evaluation evaluation) {
    LikelihoodEstimate estimate = evaluation.estimate();
    out.printf(
        Locale.ROOT,
        "step %d: %s, %s weights: %s bits per token%n",
        step,
        evaluation.split(),
        evaluation.weights(),
        WithError.text(estimate.bitsPerToken(), estimate.bitsPerTokenStandardError()));
    out.flush();
  }

  @Override
  public void onSpike(Spike spike) throws IOException {
    recorder.onSpike(spike);
    err.println("md4: skipped " + text(spike));
  }

  @Override
  public void onRollback(Spike spike, long step) throws IOException {
    recorder.onRollback(spike, step);
    progress.at(step, note);
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
