// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.sample.fid.ImageFeatures;
import io.github.md4.sample.fid.PrecisionRecall;
import java.util.Locale;
import java.util.Optional;

/** The report of {@code md4 evaluate fid}. */
record FidReport(double distance, ImageFeatures samples, ImageFeatures reference, Inputs inputs) {
  private static final long USUAL_COUNT = 50_000;

  /**
   * The images and the network of a comparison.
   *
   * @param network the description of the network, one line
   * @param sha256 the hash of the network's file
   */
  record Inputs(
      ImageSet samples, ImageSet reference, String network, String sha256, int neighbours) {}

  Table table() {
    Table table = new Table();
    table.row("Frechet distance", "%.4f", distance);
    precisionRecall()
        .ifPresent(
            found -> {
              table.row("precision", "%.4f", found.precision());
              table.row(
                  "recall",
                  "%.4f, %s, the first %,d and %,d",
                  found.recall(),
                  Counted.of(inputs.neighbours, "nearest neighbour"),
                  found.samples(),
                  found.references());
            });
    if (hasMatches()) {
      table.row("labels matched", "%s", matched());
    }
    table.row("samples", "%,d of %s", samples.moments().count(), inputs.samples.file());
    table.row("reference", "%,d of %s", reference.moments().count(), inputs.reference.file());
    table.row("features", "%d, %s, SHA-256 %s", width(), inputs.network, inputs.sha256);
    note().ifPresent(note -> table.row("note", "%s", note));
    return table;
  }

  ObjectNode json() {
    ObjectNode json = Json.report().put("frechetDistance", distance);
    precisionRecall()
        .ifPresent(
            found ->
                json.put("precision", found.precision())
                    .put("recall", found.recall())
                    .put("neighbours", inputs.neighbours));
    if (hasMatches()) {
      json.put("labelsMatched", samples.matched());
    }
    json.put("samples", samples.moments().count());
    json.put("samplesFile", inputs.samples.file().toString());
    json.put("samplesSha256", inputs.samples.sha256());
    json.put("reference", reference.moments().count());
    json.put("referenceFile", inputs.reference.file().toString());
    json.put("referenceSha256", inputs.reference.sha256());
    json.put("features", width());
    json.put("network", inputs.network);
    json.put("networkSha256", inputs.sha256);
    note().ifPresent(note -> json.put("note", note));
    return json;
  }

  /** Returns precision and recall; empty where there are too few images for the neighbours. */
  private Optional<PrecisionRecall> precisionRecall() {
    int fewer = Math.min(samples.first().length, reference.first().length);
    return fewer <= inputs.neighbours
        ? Optional.empty()
        : Optional.of(PrecisionRecall.of(samples.first(), reference.first(), inputs.neighbours));
  }

  private int width() {
    return samples.moments().width();
  }

  private boolean hasMatches() {
    return inputs.samples.isLabelled() && inputs.network.startsWith("classifier");
  }

  private String matched() {
    double share = samples.matched() / (double) samples.moments().count();
    double error = Math.sqrt(share * (1 - share) / samples.moments().count());
    return String.format(Locale.ROOT, "%.2f%% +- %.2f%%", 100 * share, 100 * error);
  }

  /**
   * Returns a warning where there are few samples. Their distance is too large, by about a constant
   * over their number.
   */
  private Optional<String> note() {
    long fewer = Math.min(samples.moments().count(), reference.moments().count());
    if (fewer >= USUAL_COUNT) {
      return Optional.empty();
    }
    String singular =
        fewer <= width()
            ? "; there are no more images than features, so that the covariances are singular"
            : "";
    return Optional.of(
        "%s: the distance is too large by about a constant over their number; compare equal numbers"
                .formatted(Counted.of(fewer, "image"))
            + " only"
            + singular);
  }
}
