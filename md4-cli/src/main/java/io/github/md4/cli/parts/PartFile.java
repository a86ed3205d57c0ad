// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.model.AtomicWrite;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * The results of one part of a command: a header in JSON, then the result of each of its rounds,
 * and a checksum.
 *
 * @param about the part and the command
 * @param results of the rounds; empty where a round had no item for this part
 */
record PartFile(About about, List<Optional<byte[]>> results) {
  private static final long MAGIC = 0x6d6434_70617274L; // md4part
  private static final int NOTHING = -1;

  /**
   * The part and the command.
   *
   * @param command its words, without the part
   * @param inputs what names the content of its models and data
   * @param version of the program
   */
  record About(PartNumber part, List<String> command, String inputs, String version) {
    private static final JsonMapper MAPPER = new JsonMapper();

    String json() {
      ObjectNode json =
          Json.object()
              .put("part", part.index())
              .put("of", part.count())
              .put("inputs", inputs)
              .put("version", version);
      command.forEach(json.putArray("command")::add);
      return json.toString();
    }

    static About parse(String text) throws IOException {
      JsonNode json = MAPPER.readTree(text);
      List<String> command = new ArrayList<>();
      json.path("command").forEach(word -> command.add(word.asText()));
      return new About(
          new PartNumber(json.path("part").asInt(), json.path("of").asInt()),
          command,
          json.path("inputs").asText(),
          json.path("version").asText());
    }
  }

  void write(Path file) throws IOException {
    AtomicWrite.file(file, this::writeTo);
  }

  private void writeTo(Path file) throws IOException {
    CheckedOutputStream checked =
        new CheckedOutputStream(new BufferedOutputStream(Files.newOutputStream(file)), new CRC32());
    try (DataOutputStream out = new DataOutputStream(checked)) {
      out.writeLong(MAGIC);
      byte[] header = about.json().getBytes(StandardCharsets.UTF_8);
      out.writeInt(header.length);
      out.write(header);
      out.writeInt(results.size());
      for (Optional<byte[]> result : results) {
        out.writeInt(result.map(bytes -> bytes.length).orElse(NOTHING));
        if (result.isPresent()) {
          out.write(result.get());
        }
      }
      out.flush();
      out.writeLong(checked.getChecksum().getValue());
    }
  }

  /**
   * Reads a file that {@link #write} has written.
   *
   * @throws InvalidDataException if it is missing, damaged or something else
   */
  static PartFile read(Path file) throws IOException {
    new UntrustedFile(file).checkExists("; a part is written by --part-out");
    long size = Files.size(file);
    CheckedInputStream checked =
        new CheckedInputStream(new BufferedInputStream(Files.newInputStream(file)), new CRC32());
    try (DataInputStream in = new DataInputStream(checked)) {
      check(size >= 2 * Long.BYTES && in.readLong() == MAGIC, file);
      byte[] header = bytes(in, in.readInt(), size, file);
      About about = About.parse(new String(header, StandardCharsets.UTF_8));
      int rounds = in.readInt();
      check(rounds >= 0 && rounds <= size, file);
      List<Optional<byte[]>> results = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        int length = in.readInt();
        results.add(
            length == NOTHING ? Optional.empty() : Optional.of(bytes(in, length, size, file)));
      }
      long expected = checked.getChecksum().getValue();
      check(in.readLong() == expected && in.read() < 0, file);
      return new PartFile(about, results);
    } catch (java.io.EOFException | IllegalArgumentException e) {
      throw damaged(file);
    }
  }

  private static byte[] bytes(DataInputStream in, int length, long size, Path file)
      throws IOException {
    check(length >= 0 && length <= size, file);
    byte[] bytes = in.readNBytes(length);
    check(bytes.length == length, file);
    return bytes;
  }

  private static void check(boolean holds, Path file) {
    if (!holds) {
      throw damaged(file);
    }
  }

  private static InvalidDataException damaged(Path file) {
    return new InvalidDataException(file, "is damaged, or not a part that --part-out has written");
  }
}
