// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.Learner;
import io.github.md4.train.TrainingRun;
import io.github.md4.train.data.EvaluationChunks;
import io.github.md4.train.data.image.ImageFit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The scoring of a model in training on every file that its config names. */
final class Evaluations implements AutoCloseable {
  private final Experiment.Evaluation config;
  private final LikelihoodEstimator.Settings settings;
  private final NDManager manager;
  private final List<TokenFile> files = new ArrayList<>();
  private final List<EvaluationChunks> chunks = new ArrayList<>();
  private final int length;

  /**
   * One score.
   *
   * @param split the file's split: valid, test
   */
  record Score(String split, Weights weights, LikelihoodEstimate estimate) {}

  private Evaluations(Experiment experiment, NDManager manager) {
    this.config = experiment.evaluation();
    this.manager = manager;
    this.length = experiment.model().length();
    this.settings =
        new LikelihoodEstimator.Settings(config.seed(), config.passes(), config.batchSize());
  }

  /**
   * Opens all files before the training begins.
   *
   * @throws InvalidDataException if one is damaged, too short or of another vocabulary
   */
  static Evaluations open(Experiment experiment, TrainingRun.Plan plan, NDManager manager)
      throws IOException {
    Evaluations evaluations = new Evaluations(experiment, manager);
    try {
      for (Path path : experiment.data().evaluate()) {
        evaluations.add(path, plan);
      }
      return evaluations;
    } catch (IOException | RuntimeException e) {
      evaluations.close();
      throw e;
    }
  }

  private void add(Path path, TrainingRun.Plan plan) throws IOException {
    TokenFile file = TokenFile.open(path);
    files.add(file);
    boolean isSame =
        file.info()
            .map(TokenFileInfo::tokenizer)
            .filter(plan.model().tokenizer()::equals)
            .isPresent();
    if (!isSame) {
      throw new InvalidDataException(
          path, "has another vocabulary than data.train; prepare them as one data set");
    }
    chunks.add(
        EvaluationChunks.labelled(
            file, length, ImageFit.labels(file, plan.model().config().network(), length)));
  }

  /** Returns the scores of the learner as it is. */
  List<Score> score(Learner learner) {
    List<Score> scores = new ArrayList<>();
    for (EvaluationChunks all : chunks) {
      Examples some = config.chunks() == 0 ? all : all.first(config.chunks());
      for (Weights weights : config.weights()) {
        LikelihoodEstimate estimate =
            new LikelihoodEstimator(learner.model().objective(weights), settings)
                .estimate(manager, learner.model().denoiser(weights), some, done -> {});
        scores.add(new Score(split(all.tokens()), weights, estimate));
      }
    }
    return scores;
  }

  private static String split(TokenFile file) {
    return file.info().map(TokenFileInfo::split).orElse(file.path().getFileName().toString());
  }

  @Override
  public void close() {
    files.forEach(TokenFile::close);
  }
}
