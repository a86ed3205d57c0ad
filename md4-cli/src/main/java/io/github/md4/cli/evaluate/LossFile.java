// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.likelihood.UnitLosses;
import io.github.md4.core.model.AtomicWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The losses of a model on each chunk of a file: comma-separated values below lines with {@code #},
 * which describe the evaluation.
 *
 * @param about the descriptions by their names
 */
record LossFile(Map<String, String> about, UnitLosses losses) {
  private static final String COMMENT = "# ";
  private static final String SEPARATOR = ": ";
  private static final String HEAD = "unit,tokens,nats";

  /** The descriptions that two files must share to be compared. */
  private static final List<String> SAME = List.of("dataSha256", "unit", "seed", "passes");

  /** Returns the losses of a report's first estimator. */
  static LossFile of(EvaluationReport report) {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("model", report.inputs().model().file().toString());
    about.put("modelSha256", report.inputs().model().sha256());
    about.put("weights", report.inputs().model().weights().toString());
    about.put("data", report.inputs().data().name());
    about.put("dataSha256", report.inputs().data().sha256());
    about.put("estimator", report.bounds().get(0).objective().toString());
    about.put("unit", new EvaluationFields(report.bounds().get(0)).unit());
    about.put("seed", "" + report.evaluation().settings().seed());
    about.put("passes", "" + report.evaluation().settings().passes());
    return new LossFile(about, report.bounds().get(0).losses());
  }

  /** Writes the losses and replaces the file. */
  void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    about.forEach((name, value) -> text.append(COMMENT + name + SEPARATOR + value + "\n"));
    text.append(HEAD + "\n");
    for (int i = 0; i < losses.tokens().length; i++) {
      text.append(i + "," + losses.tokens()[i] + "," + losses.nats()[i] + "\n");
    }
    AtomicWrite.file(file, path -> Files.writeString(path, text));
  }

  /**
   * Reads a file that {@link #write} has written.
   *
   * @throws InvalidDataException if it is damaged or another file
   */
  static LossFile read(Path file) throws IOException {
    Map<String, String> about = new LinkedHashMap<>();
    List<String[]> rows = new ArrayList<>();
    for (String line : new UntrustedFile(file).text().lines().toList()) {
      int separator = line.indexOf(SEPARATOR);
      if (line.startsWith(COMMENT) && separator > 0) {
        about.put(
            line.substring(COMMENT.length(), separator),
            line.substring(separator + SEPARATOR.length()));
      } else if (!line.equals(HEAD)) {
        rows.add(line.split(",", -1));
      }
    }
    if (!about.keySet().containsAll(SAME)) {
      throw damaged(file);
    }
    return new LossFile(about, losses(file, rows));
  }

  private static UnitLosses losses(Path file, List<String[]> rows) {
    try {
      return new UnitLosses(
          rows.stream().mapToLong(row -> Long.parseLong(row[1])).toArray(),
          rows.stream().mapToDouble(row -> Double.parseDouble(row[2])).toArray());
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      throw damaged(file);
    }
  }

  private static InvalidDataException damaged(Path file) {
    return new InvalidDataException(file, "is damaged, or not a file of md4 evaluate --losses");
  }

  /**
   * Checks that both files share their data and uniforms.
   *
   * @throws InvalidDataException if they do not; the message names the first difference
   */
  void checkSame(LossFile other, Path file) {
    for (String name : SAME) {
      if (!about.get(name).equals(other.about.get(name))) {
        throw new InvalidDataException(
            file,
            "must have the same %s as the file that it is compared with: %s, %s"
                .formatted(name, other.about.get(name), about.get(name)));
      }
    }
  }
}
