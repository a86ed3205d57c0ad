// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.train.TrainingListener;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.TrainingRun;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.optimizer.LearningRateConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Programs with a network, a decay and an objective of a user's own, for a Java of their own. */
final class OwnSeamsProgram {
  private static final int LENGTH = 5;
  private static final Tokenizer TOKENIZER = new Tokenizer.Characters("abcde");

  private OwnSeamsProgram() {}

  /** Trains where the first argument says so, else loads; prints what comes of it. */
  public static void main(String[] args) throws IOException {
    Path run = Path.of(args[1]);
    switch (args[0]) {
      case "train" -> train(run, new Md4Objective.Kind());
      case "objective" -> train(run, new OwnObjective.Kind());
      default -> loadWithoutTheKind(run);
    }
  }

  private static void train(Path run, ObjectiveKind objective) throws IOException {
    train(run, objective, 150);
    train(run, objective, 400);
    load(run);
  }

  private static void train(Path folder, ObjectiveKind objective, long stopAt) throws IOException {
    List<int[]> windows =
        Stream.of("abcde", "bcdea", "cdeab", "deabc", "eabcd").map(TOKENIZER::encode).toList();
    TrainingData data = TrainingData.of(TOKENIZER, windows);
    ModelConfig model =
        ModelConfig.defaults()
            .withObjective(objective)
            .withLength(LENGTH)
            .withNetwork(new OwnNetwork(LENGTH, 48));
    TrainingConfig training =
        TrainingConfig.defaults()
            .withSteps(
                400, new LearningRateConfig(1e-2, 0, LearningRateConfig.Decay.parse("halved(200)")))
            .batchSize(20)
            .emaRate(0.9)
            .logEvery(100);
    TrainingPlan plan = TrainingPlan.of(model, training, data);
    try (TrainingRun run = TrainingRun.startOrResume(folder, plan, data)) {
      System.out.println("begins at " + run.updates() + ", " + run.learner().description());
      TrainingListener print =
          TrainingListener.ofMetrics(
              metrics -> System.out.println(metrics.step() + " " + metrics.learningRate()));
      System.out.println(run.run(print, () -> stopAt < 400 && run.updates() == stopAt));
    }
  }

  private static void load(Path folder) throws IOException {
    try (MaskedDiffusion model = MaskedDiffusion.load(folder)) {
      SamplingOptions options = SamplingOptions.defaults().steps(64).samples(40).seed(2);
      List<String> texts = model.generate(options).stream().map(Sample::text).toList();
      long rotations = texts.stream().filter(each -> "abcdeabcd".contains(each)).count();
      System.out.println(rotations + " of " + texts.size());
      System.out.println(model.infill("[MASK]bc[MASK*]", options).text());
      System.out.println(model.score("cdeab").bitsPerToken() < 1.2);
    }
  }

  private static void loadWithoutTheKind(Path folder) throws IOException {
    try {
      MaskedDiffusion.load(folder).close();
      System.out.println("loaded");
    } catch (InvalidDataException e) {
      System.out.println(e.getMessage());
    }
  }
}
