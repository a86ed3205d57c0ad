// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.WriteFailure;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * A file of metrics, one JSON object per line: {@code {"step":5,"split":"train","loss":1.25}}.
 *
 * <p>Steps never decrease. NaN, an unknown number, becomes {@code null}, and {@code NAME +
 * "Reason"} beside it says why, as {@code "not a number"}; the infinities become the strings {@code
 * "Infinity"} and {@code "-Infinity"}. Not safe for several threads.
 */
public final class MetricsLog implements AutoCloseable {
  private final Path file;
  private final Writer writer;
  private long lastStep;

  private MetricsLog(Path file, Writer writer, long lastStep) {
    this.file = file;
    this.writer = writer;
    this.lastStep = lastStep;
  }

  /**
   * Opens {@code file} for a run that continues after {@code resumeStep}. The lines up to this step
   * stay; later lines, and a last line cut off by a crash, are removed. The file of a resumed run
   * then equals that of a run that was never interrupted, if a checkpoint is written after the
   * lines of its step.
   *
   * @param file the file of JSON lines, appended to
   * @param resumeStep the step of the checkpoint, at least 0; -1 for a new run, which keeps no
   *     lines
   * @return the log, closed by the caller
   * @throws InvalidDataException if a line before the last is not a line of metrics
   * @throws IOException if a file cannot be read
   */
  public static MetricsLog open(Path file, long resumeStep) throws IOException {
    if (Files.exists(file)) {
      truncate(file, MetricsLines.lengthUpTo(file, resumeStep));
    }
    Writer writer =
        Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return new MetricsLog(file, writer, resumeStep);
  }

  /**
   * Refuses a file that {@link #open} would refuse.
   *
   * @param file the file of JSON lines, which may be absent
   * @param resumeStep as in {@link #open}
   * @throws InvalidDataException if a line before the last is not a line of metrics
   * @throws IOException if a file cannot be read
   */
  public static void check(Path file, long resumeStep) throws IOException {
    if (Files.exists(file)) {
      long unused = MetricsLines.lengthUpTo(file, resumeStep);
    }
  }

  /**
   * Removes the lines after a step that the run has gone back to.
   *
   * @param step the number of updates after which the run goes on, at least 0; -1 removes all lines
   * @throws IOException if a file cannot be read or written
   */
  public void rewind(long step) throws IOException {
    truncate(file, MetricsLines.lengthUpTo(file, step)); // the next line goes to the new end
    lastStep = step;
  }

  private static void truncate(Path file, long length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
  }

  /**
   * Appends one line of a run's own metrics and flushes it.
   *
   * @param step the number of updates made; not below that of the line before
   * @param metrics numbers by name, in the order in which they are written
   * @throws IllegalArgumentException if {@code step} is below that of the line before
   * @throws IOException if a file cannot be read or written
   */
  public void append(long step, Map<String, ? extends Number> metrics) throws IOException {
    append(MetricsLines.line(step), step, metrics, Map.of());
  }

  /**
   * Appends one line of metrics of {@code split}, as {@code train} or {@code validation}.
   *
   * @param step the number of updates made; not below that of the line before
   * @param split the split's name, as {@code train} or {@code validation}
   * @param metrics numbers by name, in the order in which they are written
   * @throws IllegalArgumentException if {@code step} is below that of the line before
   * @throws IOException if a file cannot be read or written
   */
  public void append(long step, String split, Map<String, ? extends Number> metrics)
      throws IOException {
    append(step, split, metrics, Map.of());
  }

  /**
   * Appends one line of metrics of {@code split}, some of which may be unknown.
   *
   * @param step the number of updates made; not below that of the line before
   * @param split the split's name, as {@code train} or {@code validation}
   * @param metrics numbers by name, in the order in which they are written
   * @param reasons why a metric is unknown where it is NaN, by name; those of others are not used
   * @throws IllegalArgumentException if {@code step} is below that of the line before
   * @throws IOException if a file cannot be read or written
   */
  public void append(
      long step, String split, Map<String, ? extends Number> metrics, Map<String, String> reasons)
      throws IOException {
    JsonObject line = MetricsLines.line(step);
    line.addProperty(MetricsLines.SPLIT, split);
    append(line, step, metrics, reasons);
  }

  private void append(
      JsonObject line,
      long step,
      Map<String, ? extends Number> metrics,
      Map<String, String> reasons)
      throws IOException {
    if (step < lastStep) {
      throw new IllegalArgumentException("step must not decrease: " + step + " after " + lastStep);
    }
    MetricsLines.add(line, metrics, reasons);
    lastStep = step;
    try {
      writer.write(line + "\n");
      writer.flush();
    } catch (IOException e) {
      throw WriteFailure.named(file, e);
    }
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    writer.close();
  }
}
