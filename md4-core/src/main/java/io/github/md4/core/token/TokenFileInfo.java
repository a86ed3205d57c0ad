// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The JSON beside a token file (docs/data.md).
 *
 * @param content data set, split, tokenizer and origin of the tokens
 * @param type the type of a stored id: unsigned of 8, 16 or 32 bits
 * @param count the number of ids, at least 0
 * @param sha256 the SHA-256 of the file of tokens, in lower-case hexadecimal
 */
public record TokenFileInfo(DataSplit content, TokenType type, long count, String sha256) {
  private static final int FORMAT_VERSION = 1;

  /** {@return the name of the data set} */
  public String dataSet() {
    return content.dataSet();
  }

  /** {@return the split's name} */
  public String split() {
    return content.split();
  }

  /** {@return the vocabulary of which the ids are} */
  public Tokenizer tokenizer() {
    return content.tokenizer();
  }

  /** {@return V, the number of different tokens possible; every id in the file is smaller} */
  public int vocabularySize() {
    return content.tokenizer().vocabularySize();
  }

  /** {@return the tokens of a row where the file is packed into rows, else 0} */
  public int rowLength() {
    return content.rowLength();
  }

  /** {@return where the tokens come from} */
  public Provenance provenance() {
    return content.provenance();
  }

  /**
   * {@return the description in a JSON file}
   *
   * @param json the file of the description
   * @throws InvalidDataException if the file describes no token file, or in a format version
   *     unknown here
   * @throws IOException if a file cannot be read
   */
  public static TokenFileInfo read(Path json) throws IOException {
    return new UntrustedFile(json)
        .readJson("does not describe a token file", object -> fromJson(new JsonFields(object)));
  }

  private static TokenFileInfo fromJson(JsonFields json) {
    json.checkFormatVersion(FORMAT_VERSION);
    DataSplit content =
        new DataSplit(
            json.string("dataSet"),
            json.string("split"),
            Tokenizer.fromJson(json.object("tokenizer")),
            Provenance.fromJson(new JsonFields(json.object("provenance"))),
            json.sizeOr("rowLength", 0));
    TokenType type = TokenType.fromJsonName(json.string("tokenType"));
    TokenFileInfo info =
        new TokenFileInfo(content, type, json.count("count"), json.string("sha256"));
    info.checkVocabularySize(json.count("vocabularySize"));
    return info;
  }

  private void checkVocabularySize(long stated) {
    if (stated != vocabularySize()) {
      throw new IllegalArgumentException(
          "vocabularySize must be the tokenizer's %d: %d".formatted(vocabularySize(), stated));
    }
  }

  JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.addProperty(JsonFields.FORMAT_VERSION, FORMAT_VERSION);
    json.addProperty("dataSet", dataSet());
    json.addProperty("split", split());
    json.addProperty("vocabularySize", vocabularySize());
    json.addProperty("tokenType", type.jsonName());
    json.addProperty("count", count);
    if (rowLength() > 0) {
      json.addProperty("rowLength", rowLength());
    }
    json.addProperty("sha256", sha256);
    json.add("provenance", provenance().toJson());
    json.add("tokenizer", tokenizer().toJson());
    return json;
  }

  /** Returns the JSON's place: beside the {@code .bin}, of the same name. */
  static Path beside(Path bin) {
    String name = String.valueOf(bin.getFileName());
    if (Files.isDirectory(bin)) {
      throw new InvalidDataException(
          bin, "is a folder; name a file of tokens in it, which ends in .bin");
    }
    if (!name.endsWith(".bin")) {
      throw new InvalidDataException(
          bin, "a file of tokens must have a name that ends in .bin; md4 data makes one of a text");
    }
    return bin.resolveSibling(name.substring(0, name.length() - ".bin".length()) + ".json");
  }
}
