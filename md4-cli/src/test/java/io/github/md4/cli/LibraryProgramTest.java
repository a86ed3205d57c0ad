// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.train.Learner;
import io.github.md4.train.TrainingConfig;
import io.github.md4.train.TrainingData;
import io.github.md4.train.TrainingListener;
import io.github.md4.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The training of README and docs/library.md, line by line: from memory to a model folder. */
@Tag("slow")
final class LibraryProgramTest {
  private static final String SOURCE = "src/test/java/io/github/md4/cli/LibraryProgramTest.java";

  @Test
  void program_trainsDrawsAndGoesOn(@TempDir Path folder) throws IOException {
    List<Object> printed = new ArrayList<>();
    Tokenizer tokenizer = new Tokenizer.Characters("abcde");
    List<int[]> windows =
        Stream.of("abcdeab", "bcdeabc", "cdeabcd", "deabcde", "eabcdea")
            .map(tokenizer::encode)
            .toList();
    train(tokenizer, windows, folder, printed);
    assertThat(printed).hasSize(3).element(2).asString().matches("400 \\[[a-e]{7}, [a-e]{7}]");
    assertThat(folder.resolve("model/model.safetensors")).exists();
    try (MaskedDiffusion model = MaskedDiffusion.load(folder)) {
      SamplingOptions options = SamplingOptions.defaults().samples(20).seed(1);
      long rotations =
          model.generate(options).stream()
              .filter(sample -> "abcdeabcdeabcde".contains(sample.text()))
              .count();
      assertThat(rotations).isGreaterThan(10); // of 5 in 78,125 texts
    }
    train(tokenizer, windows, folder, printed); // again: nothing is left to do
    assertThat(printed.subList(3, printed.size())).isEmpty();
  }

  private static void train(
      Tokenizer tokenizer, List<int[]> windows, Path folder, List<Object> printed)
      throws IOException {
    // BEGIN training
    TrainingData data = TrainingData.of(tokenizer, windows); // int[7] each
    TransformerConfig network = TransformerConfig.defaults().withHeads(2, 16).withLayers(2);
    ModelConfig model = ModelConfig.defaults().withLength(7).withNetwork(network);
    TrainingConfig training =
        TrainingConfig.defaults().steps(400).batchSize(20).learningRate(3e-3).emaRate(0.9);
    TrainingRun.Plan plan =
        TrainingRun.Plan.of(model, training.precision(Precision.FLOAT32).logEvery(200), data);
    try (TrainingRun run = TrainingRun.startOrResume(folder, plan, data)) {
      run.run(TrainingListener.all(metrics(printed), samples(tokenizer, printed)));
    } // folder/model is the model, for MaskedDiffusion.load(folder)
    // END training
  }

  private static TrainingListener metrics(List<Object> printed) {
    return TrainingListener.ofMetrics(printed::add);
  }

  private static TrainingListener samples(Tokenizer tokenizer, List<Object> printed) {
    // BEGIN samples
    return TrainingListener.ofEvaluations(
        (Learner learner) -> {
          try (MaskedDiffusion now =
              MaskedDiffusion.of(
                  learner.model().denoiser(Weights.EMA),
                  learner.model().schedule(Weights.EMA),
                  tokenizer,
                  7)) {
            SamplingOptions options = SamplingOptions.defaults().steps(64).samples(2).seed(1);
            List<Sample> drawn = now.generate(options);
            printed.add(learner.updates() + " " + drawn.stream().map(Sample::text).toList());
          }
        });
    // END samples
  }

  @Test
  void pages_haveTheseLines() throws IOException {
    String library = Files.readString(Path.of("..", "docs", "library.md"));
    String readme = Files.readString(Path.of("..", "README.md"));
    assertThat(library).contains(lines("training"), lines("samples"));
    assertThat(readme).contains(lines("training"));
  }

  private static String lines(String name) throws IOException {
    String source = Files.readString(Path.of(SOURCE));
    String all =
        source.substring(
            source.indexOf("// BEGIN " + name + "\n") + name.length() + 10,
            source.indexOf("    // END " + name + "\n"));
    return all.lines().map(line -> line.substring(4)).collect(Collectors.joining("\n"));
  }
}
