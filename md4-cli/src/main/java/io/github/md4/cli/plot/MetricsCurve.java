// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The metrics of a run, a JSON object on each line of {@code metrics.jsonl}.
 *
 * @param file named in failures
 * @param lines in the order of the file
 */
record MetricsCurve(Path file, List<JsonObject> lines) {
  private static final String FILE = "metrics.jsonl";
  private static final String STEP = "step";
  private static final String SPLIT = "split";
  private static final String TRAIN = "train";
  private static final String GUARD = "guard";
  private static final String REASON = "Reason";
  private static final List<String> OF_EVALUATIONS = List.of("emaBitsPerToken", "rawBitsPerToken");
  private static final String OF_TRAINING = "bitsPerToken";

  /** The metrics that are drawn where none is named. */
  static final class Usual implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(OF_EVALUATIONS.stream(), Stream.of(OF_TRAINING)).iterator();
    }
  }

  /**
   * Reads the metrics of a run's folder, or a file of metrics.
   *
   * @throws InvalidDataException if there is none, or a line is no metrics
   */
  static MetricsCurve read(Path run) throws IOException {
    Path file = Files.isDirectory(run) ? run.resolve(FILE) : run;
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(run, "has no " + FILE + "; name the folder of a run");
    }
    List<JsonObject> lines = new ArrayList<>();
    int number = 0;
    for (String line : new UntrustedFile(file).text().lines().toList()) {
      number++;
      lines.add(parsed(file, number, line));
    }
    return new MetricsCurve(file, lines);
  }

  private static JsonObject parsed(Path file, int number, String line) {
    try {
      JsonObject object = StrictJson.object(line);
      double step = StrictJson.number(object.get(STEP), STEP);
      String split = object.get(SPLIT).getAsString();
      if (step >= 0 && !split.isEmpty()) {
        return object;
      }
    } catch (RuntimeException e) {
      throw new InvalidDataException(
          file, "line %d is no metrics with a step and a split".formatted(number), e);
    }
    throw new InvalidDataException(
        file, "line %d is no metrics with a step and a split".formatted(number));
  }

  /**
   * Returns the splits that were evaluated, or train where none was.
   *
   * @throws InvalidDataException if there is neither
   */
  Set<String> splits() {
    Set<String> splits = new LinkedHashSet<>();
    lines.forEach(line -> splits.add(line.get(SPLIT).getAsString()));
    splits.remove(GUARD);
    if (splits.isEmpty()) {
      throw new InvalidDataException(
          file, "has no metrics yet; the first come after training.logEvery steps");
    }
    if (splits.size() > 1) {
      splits.remove(TRAIN);
    }
    return splits;
  }

  /** Returns the first usual metric of a split: of averaged weights, of raw ones, of training. */
  String usual(String split) {
    for (String name : OF_EVALUATIONS) {
      if (lines.stream().anyMatch(line -> isOf(line, split) && line.has(name))) {
        return name;
      }
    }
    return OF_TRAINING;
  }

  /**
   * Returns a metric of a split over steps; of a step that is there twice, the later.
   *
   * @throws InvalidDataException if the run has none; the message lists what it has
   */
  SortedMap<Double, Double> points(String split, String metric) {
    SortedMap<Double, Double> points = new TreeMap<>();
    Set<String> names = new LinkedHashSet<>();
    for (JsonObject line : lines) {
      names.addAll(line.keySet());
      JsonElement value = line.get(metric);
      if (isOf(line, split) && value != null && !value.isJsonNull()) {
        points.put(line.get(STEP).getAsDouble(), number(value, metric));
      }
    }
    points.values().removeIf(value -> !Double.isFinite(value));
    if (points.isEmpty()) {
      names.removeAll(List.of(STEP, SPLIT));
      names.removeIf(name -> name.endsWith(REASON));
      throw new InvalidDataException(
          file,
          "has no %s of the split %s; splits are %s, metrics %s"
              .formatted(metric, split, String.join(", ", splits()), String.join(", ", names)));
    }
    return points;
  }

  private double number(JsonElement value, String metric) {
    try {
      return StrictJson.number(value, metric);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, e.getMessage(), e);
    }
  }

  private static boolean isOf(JsonObject line, String split) {
    return line.get(SPLIT).getAsString().equals(split);
  }
}
