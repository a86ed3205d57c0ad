// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.file.OutputFile;
import io.github.md4.core.Decimals;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.UnitLosses;
import io.github.md4.core.schedule.TimeAxis;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

  /** The head of documents, whose runs are known. */
  private static final String HEAD_OF_RUNS = HEAD + ",deviation";

  private static final String DEGREES = "degreesOfFreedom";

  private static final String CONTINUOUS = new TimeAxis.Continuous().describe();
  private static final String STEPS = "T = ";
  private static final String EXACT = "left to right";
  private static final String ESTIMATOR = "estimator";

  /** The descriptions that two files must share to be compared. */
  private static final List<String> SAME = List.of("dataSha256", "unit", "seed", "passes");

  /** Returns the losses of a report's headline. */
  static LossFile of(EvaluationReport report) {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("model", report.inputs().model().file().toString());
    about.put("modelSha256", report.inputs().model().sha256());
    about.put("weights", report.inputs().model().weights().toString());
    about.put("data", report.inputs().data().name());
    about.put("dataSha256", report.inputs().data().sha256());
    about.put(ESTIMATOR, report.headline().objective().toString());
    about.put("unit", new EvaluationFields(report.headline()).unit());
    about.put("seed", "" + report.evaluation().settings().seed());
    about.put("passes", "" + report.evaluation().settings().passes());
    UnitLosses losses = report.headline().losses();
    if (losses.runs().areKnown()) {
      about.put(DEGREES, "" + losses.runs().degreesOfFreedom());
    }
    return new LossFile(about, losses);
  }

  /** Writes the losses and replaces the file. */
  void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    about.forEach((name, value) -> text.append(COMMENT + name + SEPARATOR + value + "\n"));
    boolean hasRuns = losses.runs().areKnown();
    text.append((hasRuns ? HEAD_OF_RUNS : HEAD) + "\n");
    for (int i = 0; i < losses.tokens().length; i++) {
      text.append(i + "," + losses.tokens()[i] + "," + losses.nats()[i]);
      text.append((hasRuns ? "," + cell(losses.runs().deviations()[i]) : "") + "\n");
    }
    OutputFile.write(file, text.toString());
  }

  private static String cell(double deviation) {
    return Double.isNaN(deviation) ? "" : "" + deviation;
  }

  /**
   * Reads a file that {@link #write} has written.
   *
   * @throws InvalidDataException if it is damaged or another file
   */
  static LossFile read(Path file) throws IOException {
    String text = new UntrustedFile(file).text();
    Map<String, String> about = new LinkedHashMap<>();
    List<String[]> rows = new ArrayList<>();
    boolean isOnce = text.endsWith("\n"); // a last number may be cut
    boolean isBelowHead = false;
    boolean hasRuns = false;
    for (String line : text.lines().toList()) {
      int separator = line.indexOf(SEPARATOR);
      if (isBelowHead) {
        rows.add(line.split(",", -1));
      } else if (line.equals(HEAD) || line.equals(HEAD_OF_RUNS)) {
        isBelowHead = true;
        hasRuns = line.equals(HEAD_OF_RUNS);
      } else if (line.startsWith(COMMENT) && separator > 0) {
        String name = line.substring(COMMENT.length(), separator);
        isOnce &= about.put(name, line.substring(separator + SEPARATOR.length())) == null;
      }
    }
    if (!isOnce || !about.keySet().containsAll(SAME) || !about.containsKey(ESTIMATOR)) {
      throw damaged(file);
    }
    UnitLosses losses = losses(file, about.get("unit"), rows, hasRuns ? 4 : 3);
    return new LossFile(about, hasRuns ? withRuns(file, losses, rows, about.get(DEGREES)) : losses);
  }

  /** Reads rows, each of them once and in order. */
  private static UnitLosses losses(Path file, String unit, List<String[]> rows, int columns) {
    long[] tokens = new long[rows.size()];
    double[] nats = new double[rows.size()];
    long units = 0;
    boolean isWhole = true;
    try {
      for (int i = 0; i < tokens.length; i++) {
        String[] row = rows.get(i);
        tokens[i] = Long.parseLong(row[1]);
        nats[i] = Decimals.parse(row[2]);
        isWhole &= row.length == columns && Integer.parseInt(row[0]) == i;
        isWhole &= tokens[i] >= 0 && Double.isFinite(nats[i]);
        units += tokens[i] > 0 ? 1 : 0;
      }
      if (!isWhole || units != count(unit)) {
        throw damaged(file);
      }
      return new UnitLosses(unitOf(unit), tokens, nats);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      throw damaged(file);
    }
  }

  /** Reads the deviations of runs, of which the first document with tokens begins one. */
  private static UnitLosses withRuns(
      Path file, UnitLosses losses, List<String[]> rows, String degrees) {
    double[] deviations = new double[rows.size()];
    boolean isBegun = false;
    try {
      for (int i = 0; i < deviations.length; i++) {
        String cell = rows.get(i)[3];
        deviations[i] = cell.isEmpty() ? Double.NaN : Decimals.parse(cell);
        isBegun |= Double.isFinite(deviations[i]);
        if (!isDeviation(cell, deviations[i]) || (losses.tokens()[i] > 0 && !isBegun)) {
          throw damaged(file);
        }
      }
      if (degrees == null || Long.parseLong(degrees) < 0) {
        throw damaged(file);
      }
      return new UnitLosses(
          losses.unit(),
          losses.tokens(),
          losses.nats(),
          new UnitLosses.Runs(deviations, Long.parseLong(degrees)));
    } catch (NumberFormatException e) {
      throw damaged(file);
    }
  }

  private static boolean isDeviation(String cell, double value) {
    return cell.isEmpty() || Double.isFinite(value);
  }

  /** Reads the number at the start of a unit's text, written with separators of thousands. */
  private static long count(String unit) {
    String number = unit.replaceFirst("[ ]?(documents|chunks).*", "");
    return Long.parseLong(number.replaceAll("[^0-9]", ""));
  }

  private static BoundEstimate.Unit unitOf(String unit) {
    return unit.contains("chunks") ? BoundEstimate.Unit.CHUNKS : BoundEstimate.Unit.DOCUMENTS;
  }

  private static InvalidDataException damaged(Path file) {
    return new InvalidDataException(file, "is damaged, or not a file of md4 evaluate --losses");
  }

  /**
   * Checks that both files share their data and uniforms, and have estimators of one bound.
   *
   * @param file the file of {@code other}
   * @throws InvalidDataException if they do not; the message names the first difference
   */
  void checkSame(LossFile other, Path file) {
    for (String name : SAME) {
      check(about.get(name).equals(other.about.get(name)), name, other, file);
    }
    check(isComparable(about.get(ESTIMATOR), other.about.get(ESTIMATOR)), ESTIMATOR, other, file);
    if (losses.unit() != other.losses.unit()
        || !Arrays.equals(losses.tokens(), other.losses.tokens())) {
      throw new InvalidDataException(
          file,
          "has other counts of tokens than the file that it is compared with; one is damaged");
    }
  }

  private void check(boolean holds, String name, LossFile other, Path file) {
    if (!holds) {
      throw new InvalidDataException(
          file,
          "must have the same %s as the file that it is compared with: %s, %s"
              .formatted(name, other.about.get(name), about.get(name)));
    }
  }

  /**
   * Returns whether two models are scored alike. Continuous time of a learned schedule has a floor,
   * and that of a fixed one has none; an exact likelihood has no times at all, and another system
   * than masked diffusion a bound of its own.
   */
  private static boolean isComparable(String estimator, String other) {
    boolean isOneFloor =
        estimator.startsWith(CONTINUOUS)
            && other.startsWith(CONTINUOUS)
            && (estimator.equals(CONTINUOUS) || other.equals(CONTINUOUS));
    boolean isExact = estimator.equals(EXACT) || other.equals(EXACT);
    boolean isOther = isOfAnotherSystem(estimator) || isOfAnotherSystem(other);
    return estimator.equals(other) || isOneFloor || isExact || isOther;
  }

  private static boolean isOfAnotherSystem(String estimator) {
    return !estimator.startsWith(CONTINUOUS) && !estimator.startsWith(STEPS);
  }
}
