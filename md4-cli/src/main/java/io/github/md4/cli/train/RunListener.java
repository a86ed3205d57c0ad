// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.report.WithError;
import io.github.md4.cli.screen.ClosedOutputException;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.train.TrainingListener;
import io.github.md4.train.evaluation.Evaluation;
import io.github.md4.train.evaluation.RunRecorder;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The listener of {@code md4 train}: a run's records, with samples and messages on the way. */
final class RunListener implements TrainingListener {
  private final RunRecorder recorder;
  private final TrainingSamples samples;
  private final TrainingLog log;
  private final PrintWriter out;

  RunListener(RunRecorder recorder, TrainingSamples samples, TrainingLog log, PrintWriter out) {
    this.recorder = recorder;
    this.samples = samples;
    this.log = log;
    this.out = out;
  }

  @Override
  public void onStep(long step) {
    log.step(step);
  }

  @Override
  public void onMetrics(StepMetrics metrics) throws IOException {
    recorder.onMetrics(metrics);
    log.metrics(metrics);
  }

  @Override
  public void onEvaluation(Learner learner, BooleanSupplier isStopRequested) throws IOException {
    log.busy(learner.updates(), "drawing samples");
    List<int[]> drawn = samples.draw(learner, isStopRequested);
    log.busy(learner.updates(), "evaluating");
    recorder
        .evaluate(
            learner, isStopRequested) // the last that a stop can end: what follows is recorded
        .forEach(each -> print(learner.updates(), each));
    Optional<Path> file = samples.record(learner.updates(), drawn, recorder);
    samples
        .text(drawn)
        .ifPresentOrElse(
            text -> log.sample(learner.updates(), text),
            () -> file.ifPresent(picture -> log.samples(learner.updates(), picture)));
    log.back(learner.updates());
  }

  private void print(long step, Evaluation evaluation) {
    LikelihoodEstimate estimate = evaluation.estimate();
    try {
      out.printf(
          Locale.ROOT,
          "step %,d: %s, %s weights: %s bits per token%n",
          step,
          evaluation.split(),
          evaluation.weights(),
          WithError.text(estimate.bitsPerToken(), estimate.bitsPerTokenStandardError()));
      out.flush();
    } catch (ClosedOutputException e) {
      log.warn("nobody reads standard output any more; the training goes on without it");
    }
  }

  @Override
  public void onSpike(Spike spike) throws IOException {
    recorder.onSpike(spike);
    log.warn("skipped " + text(spike));
  }

  @Override
  public void onRollback(Spike spike, long step) throws IOException {
    recorder.onRollback(spike, step);
    log.back(step);
    log.warn(
        String.format(Locale.ROOT, "went back to step %,d, and on past %s", step, text(spike)));
  }

  private static String text(Spike spike) {
    return String.format(
        Locale.ROOT,
        "step %,d: %.4f bits per token, gradient norm %.4g (%s); md4 train --replay %1$d runs it again",
        spike.step(),
        spike.bitsPerToken(),
        spike.gradientNorm(),
        spike.examples());
  }
}
