// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.model.Labelled;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.Weights;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.train.update.Learner;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The draws of a training's samples, with its averaged weights. */
public record TrainingDraws(ModelConfig model, TokenSpace space, Experiment.Sampling config) {

  /**
   * Returns the tokens of samples, drawn with the same noise at every step of the training.
   *
   * @param starts some of {@link #starts()}
   * @param listener called after each call of the network
   */
  public List<int[]> draw(
      NDManager manager, Learner learner, List<InitialSequence> starts, SamplingListener listener) {
    if (starts.isEmpty()) {
      return List.of();
    }
    GenerativeModel trained =
        new GenerativeModel(
            learner.model().denoiser(Weights.EMA),
            space,
            learner.model().schedule(Weights.EMA),
            model.objective().generation());
    SamplingMethod method =
        SamplingMethod.standard(
            model.objective().generation(), new SamplingSteps(config.grid(), config.steps()));
    try (Sampler sampler = new Sampler(manager, trained, method)) {
      return sampler.sample(SampleRequest.of(starts).withSeed(config.seed()), listener).stream()
          .map(Sample::tokens)
          .toList();
    }
  }

  /** Returns the sequences to be drawn, as many as the config asks for, in the order of classes. */
  public List<InitialSequence> starts() {
    int[] zt = new int[model.length()];
    Arrays.fill(zt, space.maskToken());
    List<Integer> classes = IntStream.range(0, model.network().classes()).boxed().toList();
    return Labelled.starts(zt, config.count(), classes);
  }
}
