// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.Batch;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.ndarray.NDBound;
import io.github.md4.core.ndarray.NDGenMd4Schedule;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A block of DJL's own, trained by DJL's own trainer, then scored by this library. */
final class BlockTrainingTest {
  private static final int V = 5;
  private static final int LENGTH = 7;
  private static final int EPOCHS = 60;
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());
  private static final Md4Objective MD4 =
      new Md4Objective(new TokenSpace(V), LINEAR, new TimeAxis.Continuous());

  /** Sequences that count upwards from a token: all follows from one position. */
  private static List<int[]> sequences() {
    List<int[]> all = new ArrayList<>();
    for (int i = 0; i < 4 * V; i++) {
      int[] x = new int[LENGTH];
      for (int n = 0; n < LENGTH; n++) {
        x[n] = (i + n) % V;
      }
      all.add(x);
    }
    return all;
  }

  private static Block block() {
    return network(new LambdaBlock(in -> new NDList(shown(in.head()))));
  }

  /** The same, shown the times too. */
  private static Block timedBlock() {
    return network(
        new LambdaBlock(in -> new NDList(shown(in.get(0)).concat(in.get(1).reshape(-1, 1), 1))));
  }

  private static NDArray shown(NDArray zt) {
    return zt.oneHot(V + 1).toType(DataType.FLOAT32, false).reshape(-1, LENGTH * (V + 1));
  }

  private static Block network(Block first) {
    return new SequentialBlock()
        .add(first)
        .add(Linear.builder().setUnits(64).build())
        .add(Activation.reluBlock())
        .add(Linear.builder().setUnits(LENGTH * V).build())
        .add(new LambdaBlock(in -> new NDList(in.head().reshape(-1, LENGTH, V))));
  }

  private static void train(Model model, Objective objective, NDBound bound, BlockInputs inputs)
      throws Exception {
    boolean isTimed = inputs == BlockInputs.TOKENS_AND_TIMES;
    model.setBlock(isTimed ? timedBlock() : block());
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(new MaskedLoss(bound))
            .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.01f)).build());
    try (Trainer trainer = model.newTrainer(config)) {
      Shape tokens = new Shape(1, LENGTH);
      trainer.initialize(isTimed ? new Shape[] {tokens, new Shape(1)} : new Shape[] {tokens});
      MaskedDataset data = new MaskedDataset(sequences(), objective, inputs, 5, 3);
      EasyTrain.fit(trainer, EPOCHS, data, null);
    }
  }

  private static double bits(Model model, Objective objective, BlockInputs inputs) {
    Denoiser denoiser = BlockDenoiser.of(model, inputs);
    List<int[]> all = sequences();
    Examples examples = new SequenceExamples(all);
    try (NDManager manager = NDManager.newBaseManager()) {
      LikelihoodEstimator.Settings settings = new LikelihoodEstimator.Settings(1, 64, 20);
      return new LikelihoodEstimator(objective, settings)
          .estimate(manager, denoiser, examples, done -> {})
          .bitsPerToken();
    }
  }

  /** Sequences in memory, each a document of its own. */
  private record SequenceExamples(List<int[]> all) implements Examples {
    @Override
    public long count() {
      return all.size();
    }

    @Override
    public int length() {
      return LENGTH;
    }

    @Override
    public void read(long index, int[] into) {
      System.arraycopy(all.get((int) index), 0, into, 0, LENGTH);
    }
  }

  /**
   * The entropy is {@code ln V} a sequence, 0.33 bits per token, and the estimate has a standard
   * error of 0.02; untrained it is above 2.3.
   */
  @Test
  @Tag("slow")
  void block_learnsUnderEasyTrain() throws Exception {
    try (Model model = Model.newInstance("block", "PyTorch")) {
      train(model, MD4, new NDBound.Md4(LINEAR), BlockInputs.TOKENS);
      assertThat(bits(model, MD4, BlockInputs.TOKENS)).isBetween(0.28, 0.7);
    }
  }

  @Test
  @Tag("slow")
  void block_learnsUnderPowers() throws Exception {
    GenMd4Schedule powers = new GenMd4Schedule(new double[] {0.5, 1, 2, 1, 1}, 1e-4);
    Objective objective = new GenMd4Objective(powers, TimeFloor.EXACT);
    try (NDManager manager = NDManager.newBaseManager();
        Model model = Model.newInstance("block", "PyTorch")) {
      NDGenMd4Schedule schedule = NDGenMd4Schedule.of(powers, manager);
      train(model, objective, new NDBound.GenMd4(schedule, TimeFloor.EXACT), BlockInputs.TOKENS);
      assertThat(bits(model, objective, BlockInputs.TOKENS)).isBetween(0.28, 0.7);
    }
  }

  @Test
  @Tag("exact")
  void dataset_hasEachSequenceOnceAnEpoch() {
    MaskedDataset data = new MaskedDataset(sequences(), MD4, BlockInputs.TOKENS_AND_TIMES, 3, 7);
    try (NDManager manager = NDManager.newBaseManager()) {
      List<String> first = tokens(data, manager);
      List<String> second = tokens(data, manager);
      List<String> again =
          tokens(new MaskedDataset(sequences(), MD4, BlockInputs.TOKENS_AND_TIMES, 3, 7), manager);
      assertThat(first).hasSize(4 * V).isEqualTo(again).isNotEqualTo(second);
      assertThat(second).containsExactlyInAnyOrderElementsOf(first);
    }
  }

  private static List<String> tokens(MaskedDataset data, NDManager manager) {
    List<String> tokens = new ArrayList<>();
    for (Batch batch : data.getData(manager)) {
      assertThat(batch.getData()).hasSize(2);
      NDArray x = batch.getLabels().get(0);
      for (int b = 0; b < batch.getSize(); b++) {
        tokens.add(Arrays.toString(x.get(b).toLongArray()));
      }
      batch.close();
    }
    return tokens;
  }

  @Test
  @Tag("exact")
  void dataset_rejectsATokenOutside() {
    assertThatThrownBy(
            () -> new MaskedDataset(List.of(new int[] {0, V}), MD4, BlockInputs.TOKENS, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tokens must be in [0, 5): 5");
  }

  @Test
  @Tag("exact")
  void denoiser_choosesRowsAndLeavesOnlyThem() {
    try (Model model = Model.newInstance("block", "PyTorch");
        NDManager manager = NDManager.newBaseManager()) {
      Block block = block();
      model.setBlock(block);
      block.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, LENGTH));
      Denoiser denoiser = BlockDenoiser.of(model, BlockInputs.TOKENS);
      NDArray zt = manager.full(new Shape(2, LENGTH), V, DataType.INT64);
      NDArray rows = manager.create(new long[] {0, 13, 4});
      NDArray all = manager.arange(0, 2 * LENGTH, 1, DataType.INT64);
      NDArray every = denoiser.logits(zt, Condition.at(0.3, 2), all);
      NDArray chosen = denoiser.logits(zt, Condition.at(0.3, 2), rows);
      assertThat(chosen.getShape()).isEqualTo(new Shape(3, V));
      assertThat(manager.getManagedArrays())
          .containsExactlyInAnyOrder(zt, rows, all, every, chosen);
      assertThat(chosen.toFloatArray()).isEqualTo(every.get(rows).toFloatArray());
    }
  }

  /** A block of tokens and times whose logits are the times. */
  @Test
  @Tag("exact")
  void denoiser_tellsTheTimeOfEachExample() {
    try (Model model = Model.newInstance("block", "PyTorch");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(
          new LambdaBlock(
              in ->
                  new NDList(
                      in.get(1)
                          .reshape(-1, 1, 1)
                          .broadcast(new Shape(in.get(0).getShape().get(0), LENGTH, V)))));
      Denoiser denoiser = BlockDenoiser.of(model, BlockInputs.TOKENS_AND_TIMES);
      NDArray zt = manager.full(new Shape(2, LENGTH), V, DataType.INT64);
      NDArray rows = manager.create(new long[] {1, LENGTH});
      Condition condition =
          Condition.of(
              new double[] {0.25, 0.75}, new int[] {Condition.NO_LABEL, Condition.NO_LABEL});
      float[] logits = denoiser.logits(zt, condition, rows).toFloatArray();
      assertThat(logits)
          .containsExactly(.25f, .25f, .25f, .25f, .25f, .75f, .75f, .75f, .75f, .75f);
    }
  }

  /** A block of tokens and times, as its forward needs both. */
  @Test
  @Tag("slow")
  void block_learnsWithTimes() throws Exception {
    try (Model model = Model.newInstance("block", "PyTorch")) {
      train(model, MD4, new NDBound.Md4(LINEAR), BlockInputs.TOKENS_AND_TIMES);
      assertThat(bits(model, MD4, BlockInputs.TOKENS_AND_TIMES)).isBetween(0.28, 0.7);
    }
  }

  @Test
  @Tag("exact")
  void denoiser_rejectsABlockOfAnotherShape() {
    try (Model model = Model.newInstance("block", "PyTorch");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(new LambdaBlock(in -> new NDList(in.head().toType(DataType.FLOAT32, false))));
      Denoiser denoiser = BlockDenoiser.of(model, BlockInputs.TOKENS);
      NDArray zt = manager.full(new Shape(2, LENGTH), V, DataType.INT64);
      NDArray rows = manager.create(new long[] {0});
      assertThatThrownBy(() -> denoiser.logits(zt, Condition.at(0.3, 2), rows))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the block must return logits [B, N, V] of tokens (2, 7): (2, 7)");
    }
  }
}
