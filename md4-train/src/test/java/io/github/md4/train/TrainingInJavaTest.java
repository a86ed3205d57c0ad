// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.Computation;
import io.github.md4.train.config.Reporting;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.quickstart.Quickstart;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.LearningRateConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The training of docs/tutorial-java.md, line by line, on data and sizes that a test can afford.
 */
@Tag("slow")
final class TrainingInJavaTest {
  @TempDir Path folder;

  @Test
  void example_trainsAModelAndGoesOn() throws IOException {
    Path data = folder.resolve("data");
    Quickstart.Sizes sizes = new Quickstart.Sizes(2000, 500, 500);
    assertThat(Quickstart.prepare(data, sizes, 1, Existing.REPLACE).splits()).isNotEmpty();
    List<Object> printed = new ArrayList<>();
    train(data.resolve("train.bin"), folder.resolve("run"), 6, printed);
    assertThat(SavedModel.isIn(folder.resolve("run/model"))).isTrue();
    assertThat(printed).hasSize(2);
  }

  private static void train(Path data, Path run, long steps, List<Object> printed)
      throws IOException {
    // PAGE-BEGIN
    ModelConfig model =
        ModelConfig.defaults()
            .withLength(64)
            .withNetwork(TransformerConfig.defaults().withHeads(2, 8).withLayers(2));
    TrainingConfig training =
        TrainingConfig.defaults()
            .withComputation(Computation.of(Precision.FLOAT32))
            .withBatching(Batching.of(8))
            .withSteps(steps, new LearningRateConfig(3e-3, 2, LearningRateConfig.Decay.COSINE))
            .withReporting(Reporting.every(3));
    try (NDManager manager = NDManager.newBaseManager();
        TokenFile tokens = TokenFile.open(data)) {
      TrainingPlan plan = TrainingPlan.of(model, training, tokens);
      try (TrainingRun trained =
          TrainingRun.startOrResume(new RunFolder(run), plan, tokens, manager)) {
        trained.run(TrainingListener.ofMetrics(printed::add));
      }
    }
    // PAGE-END
  }

  /** The page's text is the code above with its own sizes and names. */
  @Test
  void page_namesWhatIsCompiledHere() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "tutorial-java.md"));
    String source =
        Files.readString(Path.of("src/test/java/io/github/md4/train/TrainingInJavaTest.java"));
    String compiled =
        source.substring(source.indexOf("// PAGE-BEGIN"), source.indexOf("// PAGE-END"));
    List<String> calls =
        compiled.lines().map(String::strip).filter(line -> line.startsWith(".with")).toList();
    assertThat(calls).isNotEmpty();
    for (String call : calls) {
      assertThat(page).contains(call.substring(0, call.indexOf('(') + 1));
    }
    assertThat(page).contains("TrainingRun.startOrResume(", "TrainingListener.ofMetrics(");
  }
}
