// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.support.Labelled;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.ExactMethod;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.InitialSequence;
import io.github.md4.sample.Sample;
import io.github.md4.sample.SampleRequest;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.SamplingMethod;
import io.github.md4.sample.SamplingSteps;
import io.github.md4.train.Learner;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The samples drawn from a model in training, by its averaged weights. */
final class TrainingSamples implements AutoCloseable {
  private final NDManager manager;
  private final SavedModel.Description model;
  private final Experiment.Sampling config;
  private final DrawKernels kernels;

  TrainingSamples(NDManager parent, SavedModel.Description model, Experiment.Sampling config) {
    this.manager = parent.newSubManager();
    this.model = model;
    this.config = config;
    this.kernels = new DrawKernels(manager);
  }

  /** Returns what makes texts or images of the samples. */
  Tokenizer tokenizer() {
    return model.tokenizer();
  }

  /** Returns the samples' tokens: the same noise at every step of the training. */
  List<int[]> draw(Learner learner) {
    if (config.count() == 0) {
      return List.of();
    }
    GenerativeModel trained =
        new GenerativeModel(
            learner.model().denoiser(Weights.EMA),
            model.tokenSpace(),
            learner.model().schedule(Weights.EMA));
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(config.grid(), config.steps()));
    return new Sampler(manager, kernels, trained, method)
        .sample(SampleRequest.of(starts()).withSeed(config.seed())).stream()
            .map(Sample::tokens)
            .toList();
  }

  private List<InitialSequence> starts() {
    int[] zt = new int[model.config().length()];
    Arrays.fill(zt, model.tokenSpace().maskToken());
    List<Integer> classes = IntStream.range(0, model.config().network().classes()).boxed().toList();
    return Labelled.starts(zt, config.count(), classes);
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
