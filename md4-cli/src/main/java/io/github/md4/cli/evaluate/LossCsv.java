// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.core.Units;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.Interval;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Results as lines of comma-separated values, one for each data set and estimator. */
final class LossCsv {
  private static final List<String> HEAD =
      List.of(
          "data",
          "data_sha256",
          "protocol",
          "model",
          "model_sha256",
          "tokenizer_sha256",
          "weights",
          "device",
          "precision",
          "estimator",
          "passes",
          "seed",
          "sequences",
          "tokens",
          "dropped",
          "nats_per_token",
          "standard_error",
          "nats_low",
          "nats_high",
          "bits_per_token",
          "perplexity",
          "perplexity_low",
          "perplexity_high",
          "interval_over",
          "residual");

  /** The first characters of a formula, for one spreadsheet or another. */
  private static final String FORMULA_STARTS = "=+-@\t\r";

  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+(\\.\\d*)?([eE][+-]?\\d+)?|Infinity)");

  private final List<List<String>> lines = new ArrayList<>();

  /**
   * The data of a result.
   *
   * @param dropped the number of tokens that no sequence holds
   */
  record ScoredData(String name, String sha256, String protocol, long dropped) {}

  LossCsv() {
    lines.add(HEAD);
  }

  /** Adds a line for each estimator. */
  void add(
      ScoredData data,
      LoadedModel.Origin model,
      LikelihoodEstimator.Settings settings,
      List<BoundEstimate> bounds) {
    for (BoundEstimate bound : bounds) {
      lines.add(
          Stream.of(
                  ofData(data),
                  ofModel(model),
                  ofSettings(bound, settings),
                  ofBound(bound, data),
                  List.of(model.loading().residual().toString()))
              .flatMap(List::stream)
              .toList());
    }
  }

  private static List<String> ofData(ScoredData data) {
    return List.of(data.name, data.sha256, data.protocol);
  }

  private static List<String> ofModel(LoadedModel.Origin model) {
    return List.of(
        model.file().toString(),
        model.sha256(),
        model.tokenizerSha256(),
        model.weights().toString(),
        DeviceChoice.name(model.loading().device()),
        model.loading().precision().toString());
  }

  private static List<String> ofSettings(
      BoundEstimate bound, LikelihoodEstimator.Settings settings) {
    return List.of(bound.objective().toString(), "" + settings.passes(), "" + settings.seed());
  }

  private static List<String> ofBound(BoundEstimate bound, ScoredData data) {
    LikelihoodEstimate estimate = bound.estimate();
    Interval nats = bound.interval();
    return List.of(
        "" + estimate.examples(),
        "" + estimate.tokens(),
        "" + data.dropped,
        "" + estimate.natsPerToken(),
        known(estimate.standardError()),
        known(nats.low()),
        known(nats.high()),
        "" + estimate.bitsPerToken(),
        "" + estimate.perplexity(),
        known(Units.perplexity(nats.low())),
        known(Units.perplexity(nats.high())),
        new EvaluationFields(bound).over());
  }

  /** Returns a number, or nothing for an unknown one. */
  private static String known(double value) {
    return Double.isNaN(value) ? "" : "" + value;
  }

  /** Writes all lines and replaces the file. */
  void write(Path file) throws IOException {
    String text =
        lines.stream()
            .map(line -> line.stream().map(LossCsv::cell).collect(Collectors.joining(",")))
            .collect(Collectors.joining("\n", "", "\n"));
    OutputFile.write(file, text);
  }

  /** Returns a value as a cell of a file that a spreadsheet may open. */
  static String cell(String value) {
    String safe = isFormula(value) ? "'" + value : value;
    boolean isPlain = safe.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return isPlain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
  }

  /** Returns whether a spreadsheet would compute a text; a number it may. */
  private static boolean isFormula(String value) {
    return !value.isEmpty()
        && FORMULA_STARTS.indexOf(value.charAt(0)) >= 0
        && !NUMBER.matcher(value).matches();
  }
}
