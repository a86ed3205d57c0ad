// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All losses of a run, of training and of evaluation. */
final class RunLosses {
  private static final List<String> KEYS =
      List.of("bitsPerToken", "emaBitsPerToken", "rawBitsPerToken");

  private RunLosses() {}

  static List<Double> of(Path run) throws IOException {
    List<Double> losses = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      JsonObject object = JsonParser.parseString(line).getAsJsonObject();
      for (String key : KEYS) {
        if (object.has(key)) {
          losses.add(object.get(key).getAsDouble());
        }
      }
    }
    return losses;
  }
}
