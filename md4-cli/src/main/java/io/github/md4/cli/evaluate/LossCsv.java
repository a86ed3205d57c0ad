// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.support.DeviceChoice;
import io.github.md4.cli.support.LoadedModel;
import io.github.md4.core.Units;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.Interval;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.AtomicWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
          "interval_over");

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
          Stream.of(ofData(data), ofModel(model), ofSettings(bound, settings), ofBound(bound, data))
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
        DeviceChoice.name(model.device()),
        model.precision().toString());
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
            .map(line -> line.stream().map(LossCsv::quoted).collect(Collectors.joining(",")))
            .collect(Collectors.joining("\n", "", "\n"));
    AtomicWrite.file(file, path -> Files.writeString(path, text));
  }

  private static String quoted(String value) {
    boolean isPlain = value.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n');
    return isPlain ? value : '"' + value.replace("\"", "\"\"") + '"';
  }
}
