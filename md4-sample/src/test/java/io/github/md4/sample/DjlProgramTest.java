// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.djl.BlockDenoiser;
import io.github.md4.core.djl.BlockInputs;
import io.github.md4.core.djl.MaskedDataset;
import io.github.md4.core.djl.MaskedLoss;
import io.github.md4.core.ndarray.NDBound;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The program of docs/djl.md. */
final class DjlProgramTest {

  @Test
  @Tag("slow")
  void program_trainsSamplesAndScores() throws Exception {
    List<String> printed = new ArrayList<>();
    Engine.getEngine("PyTorch").setRandomSeed(1); // of the initial weights, which DJL draws
    // begin
    Tokenizer tokenizer = new Tokenizer.Characters("abcde");
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    Objective objective = new Md4Objective(new TokenSpace(5), schedule, new TimeAxis.Continuous());
    List<int[]> sequences =
        Stream.of("abcdeab", "bcdeabc", "cdeabcd", "deabcde", "eabcdea")
            .map(tokenizer::encode)
            .toList();
    Block block =
        new SequentialBlock()
            .addSingleton(zt -> zt.oneHot(6).toType(DataType.FLOAT32, false)) // 5 and the mask
            .add(Blocks.batchFlattenBlock())
            .add(Linear.builder().setUnits(64).build())
            .add(Activation.reluBlock())
            .add(Linear.builder().setUnits(7 * 5).build())
            .addSingleton(flat -> flat.reshape(-1, 7, 5)); // logits [B, N, V]
    try (Model model = Model.newInstance("mine", "PyTorch")) {
      model.setBlock(block);
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(new MaskedLoss(new NDBound.Md4(schedule)))
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.01f)).build());
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(1, 7));
        MaskedDataset data = new MaskedDataset(sequences, objective, BlockInputs.TOKENS, 5, 3);
        EasyTrain.fit(trainer, 2000, data, null);
      }
      Denoiser denoiser = BlockDenoiser.of(model, BlockInputs.TOKENS);
      try (MaskedDiffusion mine = MaskedDiffusion.of(denoiser, schedule, tokenizer, 7)) {
        SamplingOptions options = SamplingOptions.defaults().steps(64).samples(3).seed(1);
        mine.generate(options).forEach(sample -> printed.add(sample.text()));
        printed.add(mine.infill("[MASK]bcd[MASK*3]", options).text());
        printed.add("" + mine.score("cdeabcd").bitsPerToken());
      }
    }
    // end
    assertThat(printed.subList(0, 3)).allMatch("abcdeabcdeabcde"::contains);
    assertThat(printed.get(3)).isEqualTo("abcdeab");
    // One of five sequences: 0.33 bits per token.
    assertThat(Double.parseDouble(printed.get(4))).isBetween(0.2, 0.6);
  }

  /** The page shows what the test above runs, but for indentation. */
  @Test
  @Tag("exact")
  void page_showsThisProgram() throws IOException {
    String page = between(Files.readString(Path.of("../docs/djl.md")), "```java\n", "```");
    Path own = Path.of("src/test/java/io/github/md4/sample/DjlProgramTest.java");
    String body = between(Files.readString(own), "// begin\n", "// end");
    assertThat(squeezed(body)).isEqualTo(squeezed(page));
  }

  private static String between(String text, String begin, String end) {
    int first = text.indexOf(begin) + begin.length();
    return text.substring(first, text.indexOf(end, first));
  }

  private static String squeezed(String code) {
    return code.replaceAll("\\s+", "");
  }
}
