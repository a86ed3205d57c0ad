// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trace;

import static io.github.md4.core.Checks.require;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trace.Trace.Event;
import io.github.md4.sample.trace.Trace.Header;
import io.github.md4.sample.trace.Trace.History;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A reader of the files of {@link TraceWriter}; every error names file and line (docs/sampling.md).
 */
public final class TraceReader {
  private final Path file;
  private final Map<Long, History> histories = new TreeMap<>();
  private int line;

  private TraceReader(Path file) {
    this.file = file;
  }

  /**
   * {@return the trace in a file}
   *
   * @param file the trace file, JSON lines
   * @throws InvalidDataException if the file is missing, no trace, cut off or damaged
   * @throws IOException if the file cannot be read
   */
  public static Trace read(Path file) throws IOException {
    return new TraceReader(file).read();
  }

  private Trace read() throws IOException {
    new UntrustedFile(file).checkIsReadable();
    try (BufferedReader in = Files.newBufferedReader(file)) {
      Header header = header(next(in));
      for (String text = next(in); text != null; text = next(in)) {
        addLine(header, StrictJson.object(text));
      }
      if (histories.isEmpty()) {
        throw new IllegalArgumentException("the file ends before the first sequence");
      }
      return new Trace(header, List.copyOf(histories.values()));
    } catch (NoSuchFileException e) {
      throw new InvalidDataException(file, "no such file; a trace is expected here", e);
    } catch (MalformedInputException e) {
      throw new InvalidDataException(file, "is no trace: not UTF-8", e);
    } catch (RuntimeException | StackOverflowError e) {
      throw new UntrustedFile(file).refused("line %d is no line of a trace".formatted(line), e);
    }
  }

  private String next(BufferedReader in) throws IOException {
    line++;
    return in.readLine();
  }

  private static Header header(String text) {
    JsonObject fields = firstLine(text);
    require(
        fields.has("format") && fields.get("format").getAsString().equals(TraceWriter.FORMAT),
        "md4 sample --trace makes such files");
    int version = whole(fields.get("version"));
    require(
        version == TraceWriter.VERSION,
        "its version must be %d: %d".formatted(TraceWriter.VERSION, version));
    Map<String, String> about = new LinkedHashMap<>();
    fields
        .getAsJsonObject("about")
        .entrySet()
        .forEach(entry -> about.put(entry.getKey(), entry.getValue().getAsString()));
    return new Header(
        about,
        whole(fields.get("steps")),
        fields.get("schedule").getAsString(),
        StrictJson.number(fields.get("epsilon"), "epsilon"),
        fields.has(TraceWriter.SEPARATOR) ? fields.get(TraceWriter.SEPARATOR).getAsString() : "",
        Optional.ofNullable(fields.get(TraceWriter.IMAGE))
            .map(image -> ImageShape.parse(image.getAsString())));
  }

  private static JsonObject firstLine(String text) {
    try {
      return StrictJson.object(text == null ? "" : text);
    } catch (IllegalArgumentException e) {
      return new JsonObject(); // of another format, which is said about it
    }
  }

  /** Returns a whole number, neither wrapped nor cut. */
  private static int whole(JsonElement number) {
    return number.getAsBigDecimal().intValueExact();
  }

  private void addLine(Header header, JsonObject json) {
    if (json.has("start")) {
      List<String> texts = new ArrayList<>();
      json.getAsJsonArray("texts").forEach(text -> texts.add(text(text)));
      header.image().ifPresent(image -> checkIsImage(texts, image));
      long sample = json.get("start").getAsBigDecimal().longValueExact();
      History before = histories.put(sample, new History(sample, texts, new ArrayList<>()));
      require(before == null, "a sequence begins twice: " + sample);
      return;
    }
    long sample = json.get("sample").getAsBigDecimal().longValueExact();
    History history = histories.get(sample);
    require(history != null, "a sequence has not begun: " + sample);
    Event event = event(json);
    int length = history.initial().size();
    require(
        event.position() >= 0 && event.position() < length,
        "position must be in [0, %d): %d".formatted(length, event.position()));
    history.events().add(event);
  }

  private static void checkIsImage(List<String> texts, ImageShape image) {
    require(
        texts.size() == image.size(),
        "an image of %s has %d values: %d".formatted(image, image.size(), texts.size()));
  }

  private static Event event(JsonObject json) {
    boolean isMask = json.get("token").isJsonNull();
    double time = StrictJson.number(json.get("time"), "time");
    require(time >= 0 && time <= 1, "time must be in [0, 1]", time);
    double probability =
        isMask ? Double.NaN : StrictJson.number(json.get("probability"), "probability");
    require(
        isMask || (probability >= 0 && probability <= 1),
        "probability must be in [0, 1]",
        probability);
    return new Event(
        whole(json.get("step")),
        time,
        whole(json.get("position")),
        isMask ? Tokenizer.MASK_TEXT : json.get("text").getAsString(),
        probability);
  }

  private static String text(JsonElement text) {
    return text.isJsonNull() ? Tokenizer.MASK_TEXT : text.getAsString();
  }
}
