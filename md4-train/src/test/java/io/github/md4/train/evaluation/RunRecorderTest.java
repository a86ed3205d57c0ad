// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.TrainingRun;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recorder attached to a training by a program of its own. */
@Tag("slow")
final class RunRecorderTest {
  private static final List<Weights> BOTH = List.of(Weights.EMA, Weights.RAW);

  @TempDir private Path temporary;

  private RunFolder train(EvaluationConfig config) throws IOException {
    RunFolder folder = new RunFolder(temporary.resolve("run"));
    Path data = temporary.resolve("data");
    try (NDManager manager = NDManager.newBaseManager();
        TokenFile tokens = TinyRun.tokens(data)) {
      TrainingPlan plan = TinyRun.plan(TinyRun.training(8, 6, 0.01), tokens);
      try (TrainingRun run = TrainingRun.start(folder, plan, tokens, manager);
          Evaluator evaluator =
              Evaluator.open(List.of(data.resolve("valid.bin")), config, plan.model(), manager);
          RunRecorder recorder = RunRecorder.open(folder, run.updates(), evaluator)) {
        assertThat(run.run(recorder, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
      }
    }
    return folder;
  }

  private static List<JsonObject> lines(RunFolder folder, String split) throws IOException {
    return Files.readAllLines(folder.metrics()).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.get("split").getAsString().equals(split))
        .toList();
  }

  private static EvaluationConfig config(boolean keepBest) {
    return new EvaluationConfig(0, 1, 6, 4, 1, BOTH, keepBest);
  }

  @Test
  void recorder_keepsMetricsEventsAndTheBestModel() throws IOException {
    RunFolder folder = train(config(true));
    assertThat(lines(folder, "train"))
        .extracting(line -> line.get("step").getAsLong())
        .containsExactly(4L, 8L);
    List<JsonObject> valid = lines(folder, "valid");
    assertThat(valid).hasSize(2);
    assertThat(valid.get(0).keySet())
        .containsExactly("step", "split", "emaBitsPerToken", "emaStandardError");
    assertThat(valid.get(1).has("rawBitsPerToken")).isTrue();
    try (Stream<Path> events = Files.list(folder.tensorBoard())) {
      assertThat(events).hasSize(1);
    }
    assertThat(SavedModel.isIn(folder.best())).isTrue();
    JsonObject best =
        JsonParser.parseString(Files.readString(folder.best().resolve("best.json")))
            .getAsJsonObject();
    assertThat(best.keySet()).containsExactly("step", "split", "weights", "natsPerToken");
    assertThat(best.get("step").getAsLong()).isEqualTo(8);
  }

  @Test
  void best_isKeptOnlyWhereAsked() throws IOException {
    assertThat(train(config(false)).best()).doesNotExist();
  }

  @Test
  void best_rejectsADamagedRecord() throws IOException {
    Path best = Files.createDirectories(temporary.resolve("run").resolve("best"));
    for (String text : new String[] {"{}", "no JSON", "{\"natsPerToken\": \"1\"}", "[]"}) {
      Files.writeString(best.resolve("best.json"), text);
      assertThatThrownBy(() -> train(config(true)))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("has no natsPerToken; remove the folder");
    }
  }
}
