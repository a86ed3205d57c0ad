// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The origin of tokens.
 *
 * @param source the maker of the tokens, in machine-readable form: {@code text8}, {@code text},
 *     {@code quickstart}
 * @param version the version of the maker, at least 0; another version may make other tokens
 * @param settings its settings, for people; empty where there were none
 * @param files the files read, in order; empty where the tokens were generated
 */
public record Provenance(String source, int version, String settings, List<SourceFile> files) {
  /**
   * Copies the list of files.
   *
   * @param source the maker of the tokens, in machine-readable form: {@code text8}, {@code text},
   *     {@code quickstart}
   * @param version the version of the maker, at least 0; another version may make other tokens
   * @param settings its settings, for people; empty where there were none
   * @param files the files read, in order; empty where the tokens were generated
   */
  public Provenance {
    files = List.copyOf(files);
  }

  /**
   * Makes an origin without settings.
   *
   * @param source the maker of the tokens, in machine-readable form
   * @param version the version of the maker; another may make other tokens
   * @param files the files read, in order; empty where the tokens were generated
   */
  public Provenance(String source, int version, List<SourceFile> files) {
    this(source, version, "", files);
  }

  /**
   * A file that was read.
   *
   * @param name its name, without folders
   * @param sha256 the SHA-256 of its bytes as stored, compressed or not, in hexadecimal
   */
  public record SourceFile(String name, String sha256) {
    /**
     * {@return the name and hash of a file, reading all of it}
     *
     * @param file the file that is described, read once for its hash
     * @throws io.github.md4.core.InvalidDataException if it is a folder, a pipe or a device
     * @throws IOException if the file cannot be read
     */
    public static SourceFile of(Path file) throws IOException {
      return new SourceFile(String.valueOf(file.getFileName()), Sha256.of(file));
    }
  }

  JsonObject toJson() {
    JsonArray array = new JsonArray();
    for (SourceFile file : files) {
      JsonObject entry = new JsonObject();
      entry.addProperty("name", file.name());
      entry.addProperty("sha256", file.sha256());
      array.add(entry);
    }
    JsonObject json = new JsonObject();
    json.addProperty("source", source);
    json.addProperty("version", version);
    if (!settings.isEmpty()) {
      json.addProperty("settings", settings);
    }
    json.add("files", array);
    return json;
  }

  static Provenance fromJson(JsonFields json) {
    List<SourceFile> files =
        json.objects("files").stream()
            .map(file -> new SourceFile(file.string("name"), file.string("sha256")))
            .toList();
    return new Provenance(
        json.string("source"), json.size("version"), json.stringOrEmpty("settings"), files);
  }
}
