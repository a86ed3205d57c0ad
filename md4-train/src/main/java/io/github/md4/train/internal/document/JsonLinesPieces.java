// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.train.data.TextDefects;
import io.github.md4.train.internal.corpus.InnerMarks;
import io.github.md4.train.internal.corpus.Lines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The pieces of JSON lines: one document for each line, a field of its object. Blank lines are
 * skipped, and so are lines whose text is null.
 */
public final class JsonLinesPieces implements Pieces {
  private final Path file;
  private final Lines lines;
  private final String field;
  private final InnerMarks marks = new InnerMarks();
  private long missing;
  private long mended;

  /**
   * @param field a key of the objects, or keys of objects within objects with dots between them
   */
  public JsonLinesPieces(Path file, Lines lines, String field) {
    this.file = file;
    this.lines = lines;
    this.field = field;
  }

  @Override
  public Optional<Piece> next() throws IOException {
    for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
      if (!line.get().isBlank()) {
        JsonElement text = text(object(line.get()));
        if (!text.isJsonNull()) {
          return Optional.of(new Piece(mended(text.getAsString()), true));
        }
        missing++;
      }
    }
    return Optional.empty();
  }

  private String mended(String text) {
    marks.add(text);
    String whole = TextDefects.mend(text);
    mended += whole.equals(text) ? 0 : 1;
    return whole;
  }

  /** Returns the text, or a JSON null. */
  private JsonElement text(JsonObject json) {
    JsonElement value = at(json, field);
    boolean isText = value != null && value.isJsonPrimitive() && isString(value);
    if (isText || (value != null && value.isJsonNull())) {
      return value;
    }
    String given = value == null ? "" : " (it is " + kind(value) + ")";
    List<String> others = textFields("", json);
    throw new InvalidDataException(
        file,
        "line %d has no text under \"%s\"%s, %s"
            .formatted(
                lines.count(),
                field,
                given,
                others.isEmpty()
                    ? "nor under another field"
                    : "but " + others + "; name another field with --field"));
  }

  /** Returns the value under a key, or under the keys that dots part; null if it is absent. */
  private static JsonElement at(JsonObject json, String path) {
    if (json.has(path)) {
      return json.get(path);
    }
    for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      JsonElement outer = json.get(path.substring(0, dot));
      if (outer != null && outer.isJsonNull()) {
        return outer;
      }
      if (outer != null && outer.isJsonObject()) {
        return at(outer.getAsJsonObject(), path.substring(dot + 1));
      }
    }
    return null;
  }

  private static boolean isString(JsonElement value) {
    return value.getAsJsonPrimitive().isString();
  }

  private static String kind(JsonElement value) {
    if (value.isJsonArray()) {
      return "a list";
    }
    if (value.isJsonObject()) {
      return "an object";
    }
    return value.getAsJsonPrimitive().isNumber() ? "a number" : "true or false";
  }

  private static List<String> textFields(String prefix, JsonObject json) {
    List<String> fields = new ArrayList<>();
    for (Map.Entry<String, JsonElement> entry : json.entrySet()) {
      if (entry.getValue().isJsonObject()) {
        JsonObject inner = entry.getValue().getAsJsonObject();
        fields.addAll(textFields(prefix + entry.getKey() + ".", inner));
      } else if (entry.getValue().isJsonPrimitive() && isString(entry.getValue())) {
        fields.add(prefix + entry.getKey());
      }
    }
    return fields;
  }

  private JsonObject object(String line) {
    try {
      return StrictJson.object(line);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(
          file, "line %d is %s; correct the file".formatted(lines.count(), e.getMessage()), e);
    }
  }

  @Override
  public TextDefects defects() {
    return new TextDefects(missing, mended);
  }

  @Override
  public List<String> notes() {
    return Stream.of(lines.startNotes(), marks.notes()).flatMap(List::stream).toList();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
