// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Model;
import ai.djl.engine.Engine;
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
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.djl.BlockDenoiser;
import io.github.md4.core.djl.BlockInputs;
import io.github.md4.core.djl.MaskedDataset;
import io.github.md4.core.djl.MaskedLoss;
import io.github.md4.core.ndarray.NDBound;
import io.github.md4.core.ndarray.NDGenMd4Schedule;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.core.token.Tokenizer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A block of DJL's that is told the time, under a schedule with a power for each token. */
final class OwnBlockTest {
  private static final int V = 5;
  private static final int LENGTH = 7;
  private static final Tokenizer TOKENIZER = new Tokenizer.Characters("abcde");
  private static final GenMd4Schedule POWERS =
      new GenMd4Schedule(new double[] {0.5, 1, 2, 1, 1}, 1e-4);

  private static Block block() {
    return new SequentialBlock()
        .add(new LambdaBlock(in -> new NDList(shown(in.get(0), in.get(1)))))
        .add(Linear.builder().setUnits(64).build())
        .add(Activation.reluBlock())
        .add(Linear.builder().setUnits(LENGTH * V).build())
        .add(new LambdaBlock(in -> new NDList(in.head().reshape(-1, LENGTH, V))));
  }

  private static NDArray shown(NDArray zt, NDArray t) {
    NDArray tokens = zt.oneHot(V + 1).toType(DataType.FLOAT32, false);
    return tokens.reshape(-1, LENGTH * (V + 1)).concat(t.reshape(-1, 1), 1);
  }

  @Test
  @Tag("slow")
  void blockUnderPowers_trainsSamplesAndScores() throws Exception {
    Engine.getEngine("PyTorch").setRandomSeed(1);
    List<int[]> sequences =
        Stream.of("abcdeab", "bcdeabc", "cdeabcd", "deabcde", "eabcdea")
            .map(TOKENIZER::encode)
            .toList();
    BlockInputs inputs = BlockInputs.TOKENS_AND_TIMES;
    try (NDManager manager = NDManager.newBaseManager();
        Model model = Model.newInstance("mine", "PyTorch")) {
      model.setBlock(block());
      NDBound bound = new NDBound.GenMd4(NDGenMd4Schedule.of(POWERS, manager), TimeFloor.EXACT);
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(new MaskedLoss(bound))
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.01f)).build());
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(1, LENGTH), new Shape(1));
        GenMd4Objective objective = new GenMd4Objective(POWERS, TimeFloor.EXACT);
        EasyTrain.fit(trainer, 500, new MaskedDataset(sequences, objective, inputs, 5, 3), null);
      }
      try (MaskedDiffusion mine =
          MaskedDiffusion.of(BlockDenoiser.of(model, inputs), POWERS, TOKENIZER, LENGTH)) {
        SamplingOptions options = SamplingOptions.defaults().steps(64).samples(20).seed(1);
        long rotations =
            mine.generate(options).stream()
                .filter(sample -> "abcdeabcdeabcde".contains(sample.text()))
                .count();
        assertThat(rotations).isGreaterThan(10); // of 5 in 78,125 texts
        assertThat(mine.infill("[MASK]bcd[MASK*3]", options).text()).isEqualTo("abcdeab");
        // One of five sequences: 0.33 bits per token.
        assertThat(mine.score("cdeabcd").bitsPerToken()).isBetween(0.1, 0.8);
      }
    }
  }

  /** The block predicts five tokens, and the tokenizer has three, or seven. */
  @ParameterizedTest
  @ValueSource(strings = {"abc", "abcdefg"})
  @Tag("exact")
  void requests_refuseABlockOfAnotherVocabulary(String alphabet) {
    try (Model model = Model.newInstance("mine", "PyTorch")) {
      Block block = new LambdaBlock(in -> new NDList(zeros(in.head())));
      model.setBlock(block);
      Tokenizer tokenizer = new Tokenizer.Characters(alphabet);
      MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
      BlockDenoiser denoiser = BlockDenoiser.of(model, BlockInputs.TOKENS);
      try (MaskedDiffusion mine = MaskedDiffusion.of(denoiser, schedule, tokenizer, LENGTH)) {
        SamplingOptions options = SamplingOptions.defaults().samples(1).batchSize(1);
        String expected = ", %d): (".formatted(tokenizer.vocabularySize());
        assertThatThrownBy(() -> mine.generate(options))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("a denoiser's logits must be a row for each asked position")
            .hasMessageContaining(expected)
            .hasMessageEndingWith(", 5)");
        assertThatThrownBy(() -> mine.score("cabcaba"))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(expected)
            .hasMessageEndingWith(", 5)");
      }
    }
  }

  private static NDArray zeros(NDArray zt) {
    return zt.getManager().zeros(new Shape(zt.getShape().get(0), zt.getShape().get(1), V));
  }

  @Test
  @Tag("exact")
  void of_refusesPowersOfAnotherVocabulary() {
    try (Model model = Model.newInstance("mine", "PyTorch")) {
      model.setBlock(block());
      BlockDenoiser denoiser = BlockDenoiser.of(model, BlockInputs.TOKENS_AND_TIMES);
      Tokenizer other = new Tokenizer.Characters("abcdefg");
      assertThatThrownBy(() -> MaskedDiffusion.of(denoiser, POWERS, other, LENGTH))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the schedule must have a power for each of the tokenizer's 7 tokens: 5");
    }
  }
}
