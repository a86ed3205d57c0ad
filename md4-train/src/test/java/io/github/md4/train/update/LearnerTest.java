// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.DeviceException;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.TimeSampling;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.FullMemory;
import io.github.md4.train.TinyRun;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.Batching;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.update.UpdateListener.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LearnerTest {
  @TempDir Path folder;
  private TokenFile tokens;

  @BeforeEach
  void prepare() throws IOException {
    tokens = TinyRun.tokens(folder);
  }

  private Batches batches(int microBatch) {
    TrainingWindows windows = new TrainingWindows(tokens, 11, 7);
    Batching shape = new Batching(6, microBatch, 1, new TimeSampling.LowDiscrepancy());
    return new Batches(windows, new Noise(7), shape);
  }

  /** The weights after three updates, without the dropout that is drawn inside the engine. */
  private float[] weightsAfterThree(int microBatch) {
    TrainingPlan plan = TinyRun.withoutEngineDropout(TinyRun.training(9, 6, 1e-2), tokens);
    Batches batches = batches(microBatch);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager))) {
      for (int step = 0; step < 3; step++) {
        update(learner, manager, batches.of(step)).close();
      }
      return TinyRun.flat(learner.model().parameters());
    }
  }

  /**
   * Gradient accumulation averages over the whole step and masks nothing twice: what is left is the
   * order of float32 sums, magnified by Adam's division where a gradient is small.
   */
  @Test
  @Tag("exact")
  void update_isTheSameForAnyMicroBatch() {
    float[] whole = weightsAfterThree(6);
    float[] split = weightsAfterThree(2);
    double difference = 0;
    double change = 0;
    for (int i = 0; i < whole.length; i++) {
      difference = Math.max(difference, Math.abs(whole[i] - split[i]));
      change = Math.max(change, Math.abs(whole[i]));
    }
    assertThat(difference).isLessThan(1e-5 * change);
  }

  /** 6 x 11 positions: the rows of a step are a multiple of a sixteenth of them, 4. */
  @Test
  @Tag("exact")
  void prepare_fillsTheRowsOfACpu() {
    TrainingPlan plan = TinyRun.plan(TinyRun.training(9, 6, 1e-2), tokens);
    Batches batches = batches(6);
    Objective objective = TinyRun.objective(plan);
    boolean isAnyFilled = false;
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager))) {
      for (int step = 0; step < 8; step++) {
        QueryBatch asked = TinyRun.queries(objective, batches.of(step)).get(0);
        QueryBatch filled = learner.prepare(step, batches.of(step)).parts().get(0).get().queries();
        assertThat(filled.askedCount()).isEqualTo(asked.askedCount());
        assertThat(filled.rows().length).isBetween(asked.rows().length, asked.rows().length + 3);
        assertThat(filled.rows().length == 66 || filled.rows().length % 4 == 0).isTrue();
        isAnyFilled |= filled.rows().length > asked.rows().length;
      }
    }
    assertThat(isAnyFilled).isTrue();
  }

  @Test
  @Tag("exact")
  void update_tellsItsPhasesInOrder_andIsTheSame() {
    TrainingPlan plan = TinyRun.withoutEngineDropout(TinyRun.training(9, 3, 1e-2), tokens);
    Batches batches = batches(3);
    List<Phase> heard = new ArrayList<>();
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner silent =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager));
        Learner told =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager))) {
      for (int step = 0; step < 3; step++) {
        heard.clear();
        update(silent, manager, batches.of(step)).close();
        told.update(manager, told.prepare(step, batches.of(step)), heard::add).close();
      }
      assertThat(TinyRun.flat(told.model().parameters()))
          .isEqualTo(TinyRun.flat(silent.model().parameters()));
    }
    assertThat(heard)
        .containsExactly(
            Phase.FORWARD,
            Phase.LOSS,
            Phase.BACKWARD,
            Phase.FORWARD,
            Phase.LOSS,
            Phase.BACKWARD,
            Phase.EXCHANGE,
            Phase.OPTIMIZER);
  }

  @Test
  @Tag("exact")
  void batches_areTheSameHoweverTheyAreSplit() {
    TrainingPlan plan = TinyRun.plan(TinyRun.training(9, 6, 1e-2), tokens);
    Objective objective = TinyRun.objective(plan);
    QueryBatch whole = TinyRun.queries(objective, batches(6).of(4)).get(0);
    List<QueryBatch> parts = TinyRun.queries(objective, batches(2).of(4));
    for (int part = 0; part < 3; part++) {
      for (int b = 0; b < 2; b++) {
        assertThat(parts.get(part).zt()[b]).isEqualTo(whole.zt()[2 * part + b]);
        assertThat(parts.get(part).time(b)).isEqualTo(whole.time(2 * part + b));
      }
    }
  }

  @Test
  @Tag("exact")
  void batches_ofDifferentStepsDiffer() {
    Batches batches = batches(6);
    Objective objective = TinyRun.objective(TinyRun.plan(TinyRun.training(9, 6, 1e-2), tokens));
    QueryBatch one = TinyRun.queries(objective, batches.of(1)).get(0);
    QueryBatch two = TinyRun.queries(objective, batches.of(2)).get(0);
    assertThat(one.time(0)).isNotEqualTo(two.time(0));
    assertThat(Arrays.deepEquals(one.zt(), two.zt())).isFalse();
  }

  /** An array left behind each step would be 200 of them. */
  @Test
  @Tag("slow")
  void update_leavesNothingBehindIn200Steps() {
    TrainingPlan plan = TinyRun.plan(TinyRun.training(300, 3, 1e-3), tokens);
    Batches batches = batches(3);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager))) {
      update(learner, manager, batches.of(0)).close();
      // The engine's own manager is above ours: what escapes ours is counted too.
      NDManager all = manager.getParentManager();
      int before = all.getManagedArrays().size();
      for (int step = 1; step <= 200; step++) {
        update(learner, manager, batches.of(step)).close();
      }
      assertThat(all.getManagedArrays()).hasSize(before);
    }
  }

  /** A batch that is seen again and again is learned: the loss falls far below its start. */
  @Test
  @Tag("slow")
  void update_learnsOneBatchByHeart() {
    TrainingPlan plan = TinyRun.withoutEngineDropout(TinyRun.training(400, 6, 1e-2), tokens);
    List<ExampleBatch> batch = batches(6).of(0);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager))) {
      float first = loss(learner, manager, batch);
      for (int step = 1; step < 250; step++) {
        update(learner, manager, batch).close();
      }
      assertThat(loss(learner, manager, batch)).isLessThan(0.3f * first);
    }
  }

  private static UpdateNumbers update(
      Learner learner, NDManager manager, List<ExampleBatch> batch) {
    return learner.update(manager, learner.prepare(learner.updates(), batch));
  }

  private static float loss(Learner learner, NDManager manager, List<ExampleBatch> batch) {
    try (UpdateNumbers numbers = update(learner, manager, batch)) {
      return numbers.read().loss();
    }
  }

  @Test
  @Tag("exact")
  void learningRate_isThatOfTheNextUpdate() {
    TrainingPlan plan = TinyRun.plan(TinyRun.training(9, 6, 1e-2), tokens);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager))) {
      assertThat(learner.learningRate()).isZero();
      float[] start = TinyRun.flat(learner.model().parameters());
      update(learner, manager, batches(6).of(0)).close();
      // The first update of a warm-up has rate 0: moments move, weights do not.
      assertThat(TinyRun.flat(learner.model().parameters())).isEqualTo(start);
      assertThat(learner.learningRate()).isCloseTo(1e-2 / 3, within(1e-15));
    }
  }

  @Test
  @Tag("exact")
  void update_saysInOneLineThatTheDeviceIsFull() {
    TrainingPlan plan = TinyRun.plan(TinyRun.training(9, 6, 1e-2), tokens);
    Batches batches = batches(6);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network =
            new FullMemory(
                plan.model().network(manager, plan.training().computation().precision()), 1);
        Learner learner =
            Learner.initial(manager, network, plan.training(), TinyRun.schedule(plan, manager))) {
      update(learner, manager, batches.of(0)).close();
      int before = manager.getParentManager().getManagedArrays().size();
      assertThatThrownBy(() -> update(learner, manager, batches.of(1)).close())
          .isInstanceOf(DeviceException.class)
          .hasMessage(
              "the device's memory is full: training.batchSize 6 in micro-batches of"
                  + " training.microBatch 6 does not fit; take training.microBatch=3 or"
                  + " training.recompute=layer (%s)",
              FullMemory.COMPLAINT);
      assertThat(learner.updates()).isOne();
      // The sum over micro-batches is there from now on.
      assertThat(manager.getParentManager().getManagedArrays().size()).isLessThan(2 * before);
    }
  }
}
