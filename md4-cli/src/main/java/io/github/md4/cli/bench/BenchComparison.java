// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The ratios of a report of {@code md4 bench train} to an earlier one: speed, parts and memory. A
 * ratio is NaN where one side is unknown or the divisor is 0.
 */
public final class BenchComparison {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String SPEED = "/tokensPerSecond/median";
  private static final String STEP = "/millisecondsAStep/median";
  private static final String PARTS = "/partMilliseconds";
  private static final String PEAK = "/memory/peakBytes";
  private static final String STEADY = "/memory/steadyBytes";
  private static final String PLACE = "/memory/place";

  private final JsonNode earlier;

  public BenchComparison(JsonNode earlier) {
    this.earlier = earlier;
  }

  /** Returns an empty comparison, which adds nothing to a report. */
  static BenchComparison none() {
    return new BenchComparison(Json.object());
  }

  /**
   * Returns the comparison with the report in a file.
   *
   * @throws InvalidDataException if it is missing or not a report
   */
  static BenchComparison read(Path file) throws IOException {
    JsonNode found = parse(file);
    for (String place : new String[] {SPEED, STEP, PEAK, STEADY}) {
      if (!found.at(place).isNumber()) {
        throw invalid(file, "has no number at " + place);
      }
    }
    if (!found.at(PARTS).isObject()) {
      throw invalid(file, "has no object at " + PARTS);
    }
    return new BenchComparison(found);
  }

  private static JsonNode parse(Path file) throws IOException {
    try {
      new UntrustedFile(file).checkIsReadable();
      return JSON.readTree(Files.readString(file));
    } catch (NoSuchFileException e) {
      throw invalid(file, "no such file");
    } catch (JsonProcessingException | MalformedInputException e) {
      throw invalid(file, "is no JSON");
    }
  }

  private static InvalidDataException invalid(Path file, String complaint) {
    return new InvalidDataException(
        file, complaint + "; take the output of md4 bench train --json");
  }

  /** Adds the ratios as {@code ratios} and returns the report. */
  public ObjectNode addTo(ObjectNode report) {
    if (!earlier.isEmpty()) {
      ObjectNode ratios = Json.object();
      ratios(report).forEach((name, ratio) -> ratios.set(name, Json.number(ratio)));
      ArrayNode differences = ratios.arrayNode();
      differences(report).forEach(differences::add);
      report.set("ratios", ratios);
      report.set("differences", differences);
    }
    return report;
  }

  /** Adds a row for each ratio, and one for the differences of config and host. */
  public void addTo(Table table, ObjectNode report) {
    if (!earlier.isEmpty()) {
      ratios(report).forEach((name, ratio) -> table.row("ratio of " + name, "%s", text(ratio)));
      List<String> differences = differences(report);
      table.row("differs", "%s", differences.isEmpty() ? "-" : String.join("; ", differences));
    }
  }

  /** Returns the differences of the two configs and hosts. */
  private List<String> differences(ObjectNode report) {
    List<String> differences = new ArrayList<>();
    for (String group : new String[] {"/config", "/host"}) {
      for (Map.Entry<String, JsonNode> field : report.at(group).properties()) {
        String then = earlier.at(group).path(field.getKey()).asText();
        String now = field.getValue().asText();
        if (!now.equals(then)) {
          differences.add("%s was %s, is %s".formatted(field.getKey(), then, now));
        }
      }
    }
    return differences;
  }

  private static String text(double ratio) {
    return Double.isFinite(ratio) ? String.format(Locale.ROOT, "%.4f", ratio) : "-";
  }

  private Map<String, Double> ratios(ObjectNode report) {
    Map<String, Double> ratios = new LinkedHashMap<>();
    ratios.put("tokensPerSecond", ratio(report, SPEED));
    ratios.put("millisecondsAStep", ratio(report, STEP));
    Iterator<String> parts = report.at(PARTS).fieldNames();
    while (parts.hasNext()) {
      String part = parts.next();
      ratios.put(part, ratio(report, PARTS + "/" + part));
    }
    boolean isSamePlace = report.at(PLACE).equals(earlier.at(PLACE));
    ratios.put("peakBytes", isSamePlace ? ratio(report, PEAK) : Double.NaN);
    ratios.put("steadyBytes", isSamePlace ? ratio(report, STEADY) : Double.NaN);
    return ratios;
  }

  private double ratio(ObjectNode report, String place) {
    JsonNode now = report.at(place);
    JsonNode then = earlier.at(place);
    return now.isNumber() && then.isNumber() ? now.doubleValue() / then.doubleValue() : Double.NaN;
  }
}
