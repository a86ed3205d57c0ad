// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trace;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.md4.core.WriteFailure;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A listener that writes a trace file while samples are drawn: a header, a line for each initial
 * sequence, a line for each event (docs/sampling.md). Not safe for several threads. A failure to
 * write is thrown as an {@link UncheckedIOException}.
 */
public final class TraceWriter implements SamplingListener, AutoCloseable {
  static final String FORMAT = "md4-trace";
  static final int VERSION = 1;
  static final String IMAGE = "image";
  static final String SEPARATOR = "separator";
  private static final Gson JSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private final Path file;
  private final BufferedWriter out;
  private final Tokenizer tokenizer;

  private TraceWriter(Path file, BufferedWriter out, Tokenizer tokenizer) {
    this.file = file;
    this.out = out;
    this.tokenizer = tokenizer;
  }

  /**
   * Creates a file with its header and its initial sequences, and replaces an old one.
   *
   * @param file the trace file, JSON lines
   * @param header the facts that the sequences have in common
   * @param tokenizer the tokenizer whose texts the trace shows
   * @param sequences the beginnings of the samples; more may follow by {@link #begin}
   * @return the writer, closed by the caller
   * @throws IOException if the file cannot be made
   */
  public static TraceWriter create(
      Path file, Trace.Header header, Tokenizer tokenizer, Iterable<InitialSequence> sequences)
      throws IOException {
    TraceWriter writer = new TraceWriter(file, Files.newBufferedWriter(file), tokenizer);
    writer.write(header(header));
    writer.begin(sequences);
    return writer;
  }

  /**
   * Writes the initial sequences of samples that are drawn after those before.
   *
   * @param sequences the beginnings of the samples
   * @throws UncheckedIOException if the file cannot be written
   */
  public void begin(Iterable<InitialSequence> sequences) {
    sequences.forEach(sequence -> write(initial(sequence)));
  }

  private static JsonObject header(Trace.Header header) {
    JsonObject json = new JsonObject();
    json.addProperty("format", FORMAT);
    json.addProperty("version", VERSION);
    json.addProperty("steps", header.steps());
    json.addProperty("schedule", header.schedule());
    json.addProperty("epsilon", header.epsilon());
    if (!header.separator().isEmpty()) {
      json.addProperty(SEPARATOR, header.separator());
    }
    header.image().ifPresent(image -> json.addProperty(IMAGE, image.toString()));
    json.add("about", JSON.toJsonTree(header.about()));
    return json;
  }

  private JsonObject initial(InitialSequence sequence) {
    JsonArray texts = new JsonArray();
    int[] zt = sequence.zt();
    for (int n = 0; n < zt.length; n++) {
      texts.add(isMask(zt[n]) ? null : tokenizer.text(zt[n], n));
    }
    JsonObject json = new JsonObject();
    json.addProperty("start", sequence.index());
    json.add("texts", texts);
    return json;
  }

  @Override
  public void called(int done, int planned) {}

  @Override
  public boolean readsPlanned() {
    return false;
  }

  @Override
  public void changed(TokenEvent event) {
    JsonObject json = new JsonObject();
    json.addProperty("sample", event.sample());
    json.addProperty("step", event.point().step());
    json.addProperty("time", event.point().time());
    json.addProperty("position", event.position());
    if (isMask(event.token())) {
      json.add("token", JsonNull.INSTANCE);
    } else {
      json.addProperty("token", event.token());
      json.addProperty("text", tokenizer.text(event.token(), event.position()));
      json.addProperty("probability", event.probability());
    }
    write(json);
  }

  private boolean isMask(int token) {
    return token == tokenizer.vocabularySize();
  }

  private void write(JsonObject line) {
    try {
      out.write(JSON.toJson(line));
      out.newLine();
    } catch (IOException e) {
      throw new UncheckedIOException(WriteFailure.named(file, e));
    }
  }

  /** Writes what is left and closes the file. */
  @Override
  public void close() throws IOException {
    try {
      out.close();
    } catch (IOException e) {
      throw WriteFailure.named(file, e);
    }
  }
}
