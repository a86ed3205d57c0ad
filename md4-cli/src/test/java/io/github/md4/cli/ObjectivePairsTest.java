// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every ordered pair of objectives: what was trained for one is not resumed as the other. */
final class ObjectivePairsTest {
  @TempDir private Path folder;

  private static String network(String objective) {
    return switch (objective) {
      case "autoregressive" -> "causal";
      case "gaussian" -> "gaussian";
      default -> "plain";
    };
  }

  private static List<String> settings(String objective, Path run) {
    List<String> words =
        new ArrayList<>(
            List.of("--set", "model.objective=" + objective, "--set", "run=" + run, "--set"));
    words.add(
        switch (network(objective)) {
          case "causal" -> "model.network.causal=true";
          case "gaussian" -> "model.network.kind=gaussian-transformer";
          default -> "model.network.layers=1";
        });
    for (String each :
        List.of(
            "training.steps=1",
            "training.learningRate.warmUp=0",
            "sampling.count=0",
            "evaluation.every=0",
            "data.evaluate=[]")) {
      words.add("--set");
      words.add(each);
    }
    return words;
  }

  private static void check(
      Map<String, String> wrong, String pair, Ran ran, int code, String said) {
    boolean isRefused = ran.code() == code && ran.err().lines().count() == 1;
    if (!isRefused || !ran.err().contains(said)) {
      wrong.put(pair, ran.code() + " " + ran.err());
    }
  }

  @Test
  void resumedAsAnother_isALine() throws IOException {
    TinyTraining training = TinyTraining.prepare(folder);
    List<String> objectives = ObjectiveTableTest.objectives();
    Map<String, String> wrong = new TreeMap<>();
    for (String trained : objectives) {
      Path run = folder.resolve(trained);
      Ran first = training.train(settings(trained, run).toArray(String[]::new));
      assertThat(first.code()).as(first.err()).isZero();
      for (String other : objectives) {
        if (!other.equals(trained)) {
          List<String> words = new ArrayList<>(List.of("--resume"));
          words.addAll(settings(other, run));
          Ran ran = training.train(words.toArray(String[]::new));
          check(wrong, trained + " as " + other, ran, ExitCodes.USAGE, "'objective: " + trained);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  /**
   * A model's folder names its objective. One of another network in its place is a line; those of
   * one network all score it, by bounds of their own.
   */
  @Test
  void scoredAsOneOfAnotherNetwork_isALine() throws IOException {
    Map<String, String> wrong = new TreeMap<>();
    List<String> objectives = ObjectiveTableTest.objectives();
    Path data = RandomText.write(folder.resolve("data"), " abcdef", 4 * TinyModel.LENGTH);
    for (String trained : objectives) {
      Path model = ObjectiveTableTest.model(folder, trained);
      String config = Files.readString(model.resolve("config.json"));
      for (String other : objectives) {
        Files.writeString(
            model.resolve("config.json"),
            config.replaceFirst("\"objective\": \"[^\"]*\"", "\"objective\": \"" + other + "\""));
        if (!network(trained).equals(network(other))) {
          Ran ran = md4(words("evaluate --device cpu --chunks 1", model, data));
          check(wrong, trained + " as " + other, ran, ExitCodes.DATA, other);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }
}
