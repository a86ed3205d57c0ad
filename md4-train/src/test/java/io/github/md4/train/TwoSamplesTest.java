// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.TimeSampling;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.GenMd4Config;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MD4 with two masked samples of each example in an update. */
@Tag("exact")
final class TwoSamplesTest {
  @TempDir Path folder;
  private TokenFile tokens;

  @BeforeEach
  void prepare() throws IOException {
    tokens = TinyRun.tokens(folder);
  }

  private Batches batches(int microBatch, int samples) {
    Batching shape = new Batching(6, microBatch, samples, new TimeSampling.LowDiscrepancy());
    return new Batches(new TrainingWindows(tokens, 11, 7), new Noise(7), shape);
  }

  private TrainingPlan plan(int microBatch) {
    TrainingConfig training =
        TinyRun.twoSamples(
            TinyRun.training(9, microBatch, 1e-2), GenMd4Config.defaults(), new WarmStart.None());
    return TinyRun.withoutEngineDropout(training, tokens);
  }

  @Test
  void batches_areTheExamplesMaskedTwiceAtTheSameTimes() {
    List<QueryBatch> twice = queries(batches(3, 2).of(4));
    List<QueryBatch> once = queries(batches(3, 1).of(4));
    assertThat(twice).hasSize(4);
    for (int part = 0; part < 2; part++) {
      QueryBatch first = twice.get(part);
      QueryBatch second = twice.get(2 + part);
      assertThat(first.zt()).isEqualTo(once.get(part).zt());
      assertThat(second.x()).isEqualTo(first.x());
      assertThat(second.zt()).isNotEqualTo(first.zt());
      for (int b = 0; b < 3; b++) {
        assertThat(second.time(b)).isEqualTo(first.time(b));
      }
    }
  }

  private List<QueryBatch> queries(List<ExampleBatch> batches) {
    return TinyRun.queries(TinyRun.objective(plan(3)), batches);
  }

  /** The loss is the mean of the two samples', each judged on its own. */
  @Test
  void update_lowersTheMeanOfBothSamples() {
    TrainingPlan plan = plan(6);
    List<ExampleBatch> step = batches(6, 2).of(2);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
      double expected = 0;
      Objective objective = TinyRun.objective(plan);
      for (QueryBatch batch : TinyRun.queries(objective, step)) {
        Denoiser denoiser = learner.model().denoiser(Weights.RAW);
        double[] nats = batch.values(batch.losses(manager, denoiser, objective.rowLoss()));
        for (double each : nats) {
          expected += each / (2 * 6 * 11 * Math.log(2));
        }
      }
      try (UpdateNumbers numbers =
          learner.update(manager, learner.prepare(learner.updates(), step))) {
        // The update drops channels, which changes the loss by some percent; a factor would be 2.
        assertThat((double) numbers.read().loss()).isCloseTo(expected, within(0.1 * expected));
      }
    }
  }

  @Test
  void update_isTheSameForAnyMicroBatch() {
    float[] whole = weightsAfterThree(6);
    float[] split = weightsAfterThree(2);
    for (int i = 0; i < whole.length; i++) {
      // As in LearnerTest.
      assertThat((double) whole[i]).isCloseTo(split[i], within(1e-5));
    }
  }

  private float[] weightsAfterThree(int microBatch) {
    TrainingPlan plan = plan(microBatch);
    Batches batches = batches(microBatch, 2);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
      for (int step = 0; step < 3; step++) {
        learner.update(manager, learner.prepare(step, batches.of(step))).close();
      }
      return TinyRun.flat(learner.model().parameters());
    }
  }
}
