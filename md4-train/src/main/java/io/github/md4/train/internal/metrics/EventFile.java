// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import io.github.md4.core.WriteFailure;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.Map;

/**
 * A file of events that TensorBoard shows: records of TensorFlow's {@code event.proto}, each with a
 * masked CRC-32C. Each event is flushed. Not safe for several threads.
 *
 * <p>A run that resumes adds a file to the folder; see {@link #restart}.
 */
public final class EventFile implements AutoCloseable {
  private static final double MILLIS = 1e3;

  private final Path file;
  private final OutputStream out;
  private final Clock clock;

  private EventFile(Path file, OutputStream out, Clock clock) {
    this.file = file;
    this.out = out;
    this.clock = clock;
  }

  /**
   * Creates {@code folder/events.out.tfevents.SECONDS.HOST}, numbered if there is one already.
   *
   * @param folder the folder in which TensorBoard looks for event files; made where it is absent
   * @param host the machine's name, which becomes part of the file's name
   * @param clock gives each event its time, in seconds since 1970
   * @return the file, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static EventFile create(Path folder, String host, Clock clock) throws IOException {
    Files.createDirectories(folder);
    String name = "events.out.tfevents." + clock.instant().getEpochSecond() + "." + host;
    Path file = folder.resolve(name);
    for (int i = 1; Files.exists(file); i++) {
      file = folder.resolve(name + "." + i);
    }
    OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
    EventFile events = new EventFile(file, new BufferedOutputStream(out), clock);
    events.write(EventMessages.fileVersion(events.wallTime()));
    return events;
  }

  /**
   * Invalidates the earlier files' events of {@code nextStep}, the run's next step, and later.
   *
   * @param nextStep the number of the run's next step, at least 0
   * @throws IOException if a file cannot be read or written
   */
  public void restart(long nextStep) throws IOException {
    write(EventMessages.sessionStart(wallTime(), nextStep));
  }

  /**
   * Writes one point of each curve. The part of a name before the first slash is its group.
   *
   * @param step the number of updates made, at least 0
   * @param values numbers by the name under which they are shown, as float32
   * @throws IOException if a file cannot be read or written
   */
  public void scalars(long step, Map<String, ? extends Number> values) throws IOException {
    write(EventMessages.scalars(wallTime(), step, values));
  }

  /**
   * Writes a text, such as a sample; TensorBoard reads it as Markdown.
   *
   * @param step the number of updates made, at least 0
   * @param tag the name, whose part before the first slash is its group
   * @param text the text
   * @throws IOException if a file cannot be read or written
   */
  public void text(long step, String tag, String text) throws IOException {
    write(EventMessages.text(wallTime(), step, tag, text));
  }

  /**
   * Writes a picture, the bytes of a PNG file.
   *
   * @param step the number of updates made, at least 0
   * @param tag the name, whose part before the first slash is its group
   * @param png the bytes of a PNG file
   * @throws IOException if a file cannot be read or written
   */
  public void picture(long step, String tag, byte[] png) throws IOException {
    write(EventMessages.picture(wallTime(), step, tag, png));
  }

  private double wallTime() {
    return clock.millis() / MILLIS;
  }

  private void write(ProtoMessage event) throws IOException {
    try {
      out.write(RecordFrame.of(event.toBytes()));
      out.flush();
    } catch (IOException e) {
      throw WriteFailure.named(file, e);
    }
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    out.close();
  }
}
