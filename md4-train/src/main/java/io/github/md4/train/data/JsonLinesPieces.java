// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The pieces of JSON lines: one document for each line, a field of its object. Blank lines are
 * skipped.
 */
record JsonLinesPieces(Path file, Lines lines, String field) implements Pieces {

  @Override
  public Optional<Piece> next() throws IOException {
    Optional<String> line = lines.next();
    while (line.isPresent() && line.get().isBlank()) {
      line = lines.next();
    }
    return line.map(json -> new Piece(text(json), true));
  }

  private String text(String line) {
    JsonObject json = object(line);
    if (!json.has(field) || !json.get(field).isJsonPrimitive()) {
      throw new InvalidDataException(
          file,
          "line %d has no text under \"%s\", but %s; name another field"
              .formatted(lines.count(), field, json.keySet()));
    }
    return json.get(field).getAsString();
  }

  private JsonObject object(String line) {
    try {
      return JsonParser.parseString(line).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new InvalidDataException(
          file, "line %d is not a JSON object; correct the file".formatted(lines.count()), e);
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
