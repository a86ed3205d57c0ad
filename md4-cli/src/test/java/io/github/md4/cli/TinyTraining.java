// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * An experiment of milliseconds a step.
 *
 * @param folder has config and data; the run is {@code run} in it
 */
record TinyTraining(Path folder) {
  private static final String CONFIG =
      """
      version: 1
      run: %1$s/run
      data:
        train: %1$s/data/train.bin
        evaluate: [%1$s/data/valid.bin]
      model:
        length: 16
        network: {headWidth: 4, heads: 2, keyValueHeads: 2, layers: 2}
      training:
        seed: 3
        steps: 12
        batchSize: 4
        microBatch: 2
        precision: float32
        learningRate: {base: 1e-2, warmUp: 2, decay: cosine}
        emaRate: 0.9
        logEvery: 3
      evaluation: {every: 6, chunks: 8, batchSize: 3, weights: [ema, raw]}
      sampling: {count: 2, steps: 4}
      checkpoints: {every: 6, keepLast: 1, keepEvery: 0}
      """;

  /** Writes config and data. */
  static TinyTraining prepare(Path folder) throws IOException {
    TinyTraining training = new TinyTraining(folder);
    Files.writeString(training.config(), training.text());
    Path text = Files.writeString(folder.resolve("text.txt"), "abc de fgh ".repeat(400));
    Path data = folder.resolve("data");
    Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", data).check();
    return training;
  }

  Path config() {
    return folder.resolve("tiny.yaml");
  }

  /** Returns what the config says. */
  String text() {
    return CONFIG.formatted(folder);
  }

  Path run() {
    return folder.resolve("run");
  }

  /** Returns the lines of the run's metrics. */
  List<JsonObject> metrics() throws IOException {
    try (Stream<String> lines = Files.lines(run().resolve("metrics.jsonl"))) {
      return lines.map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    }
  }

  Path data(String name) {
    return folder.resolve("data").resolve(name);
  }

  /** Returns the words of {@code md4 train} on a CPU, with {@code more} after them. */
  String[] words(String... more) {
    List<String> words =
        new ArrayList<>(List.of("train", "--device", "cpu", "--config", config().toString()));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  Ran train(String... more) {
    return Ran.md4((Object[]) words(more));
  }
}
