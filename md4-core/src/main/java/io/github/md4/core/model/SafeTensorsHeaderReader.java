// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.types.Shape;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SafeTensorsHeader.Entry;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the header of a safetensors file and trusts none of it. */
final class SafeTensorsHeaderReader {
  private final Path file;
  private final long dataBytes;
  private final Map<String, Entry> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private boolean hasMetadata;

  /**
   * @param file a safetensors file; messages name it
   * @param dataBytes the length of what follows the header
   */
  SafeTensorsHeaderReader(Path file, long dataBytes) {
    this.file = file;
    this.dataBytes = dataBytes;
  }

  /** Returns the header, or throws an InvalidDataException. */
  SafeTensorsHeader read(ByteBuffer json) {
    String text = text(json);
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      readMembers(reader);
    } catch (IOException | IllegalStateException | IllegalArgumentException e) {
      throw new UntrustedFile(file).refused("header is not valid JSON", e);
    }
    checkCover();
    return new SafeTensorsHeader(
        Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
  }

  private String text(ByteBuffer json) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(json).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidDataException(file, "header is not UTF-8", e);
    }
  }

  private void readMembers(JsonReader reader) throws IOException {
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (name.equals(SafeTensorsHeader.METADATA)) {
        readMetadata(reader);
      } else if (tensors.put(name, readEntry(reader, name)) != null) {
        throw invalid(name, "is there twice");
      }
    }
    reader.endObject();
    if (reader.peek() != JsonToken.END_DOCUMENT) {
      throw new InvalidDataException(file, "header goes on after its end");
    }
  }

  private void readMetadata(JsonReader reader) throws IOException {
    if (hasMetadata) {
      throw new InvalidDataException(file, SafeTensorsHeader.METADATA + " is there twice");
    }
    hasMetadata = true;
    if (reader.peek() == JsonToken.NULL) { // written by some in place of none
      reader.nextNull();
      return;
    }
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (reader.peek() != JsonToken.STRING) {
        throw new InvalidDataException(file, "metadata " + key + " is not a text");
      }
      if (metadata.put(key, reader.nextString()) != null) {
        throw new InvalidDataException(file, "metadata " + key + " is there twice");
      }
    }
    reader.endObject();
  }

  private Entry readEntry(JsonReader reader, String name) throws IOException {
    Set<String> seen = new HashSet<>();
    String type = "";
    long[] shape = {};
    long[] offsets = {};
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (!seen.add(key)) {
        throw invalid(name, "has two of " + key);
      }
      switch (key) {
        case SafeTensorsHeader.TYPE -> type = readType(reader, name);
        case SafeTensorsHeader.SHAPE -> shape = readNumbers(reader, name);
        case SafeTensorsHeader.OFFSETS -> offsets = readNumbers(reader, name);
        default -> throw invalid(name, "has the unknown key " + key);
      }
    }
    reader.endObject();
    if (seen.size() < 3) {
      throw invalid(name, "lacks dtype, shape or data_offsets");
    }
    return entry(name, type, shape, offsets);
  }

  private String readType(JsonReader reader, String name) throws IOException {
    if (reader.peek() != JsonToken.STRING) {
      throw invalid(name, "has a dtype that is not a text");
    }
    return reader.nextString();
  }

  private long[] readNumbers(JsonReader reader, String name) throws IOException {
    List<Long> numbers = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      if (reader.peek() != JsonToken.NUMBER) {
        throw invalid(name, "has a shape or data_offsets that are not numbers");
      }
      long number = reader.nextLong();
      if (number < 0) {
        throw invalid(name, "has a negative number: " + number);
      }
      numbers.add(number);
    }
    reader.endArray();
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  private Entry entry(String name, String dtype, long[] shape, long[] offsets) {
    if (offsets.length != 2) {
      throw invalid(name, "has data_offsets that are not two numbers");
    }
    if (offsets[0] > offsets[1] || offsets[1] > dataBytes) {
      throw invalid(
          name,
          String.format(
              "is at bytes %d to %d of %d: cut short or damaged; copy it again",
              offsets[0], offsets[1], dataBytes));
    }
    ElementType type = ElementType.of(dtype);
    long bytes = bytes(name, type, shape);
    if (type != ElementType.UNKNOWN && bytes != offsets[1] - offsets[0]) {
      throw invalid(
          name,
          "has %s where its shape needs %,d"
              .formatted(Counted.of(offsets[1] - offsets[0], "byte"), bytes));
    }
    return new Entry(dtype, type, new Shape(shape), offsets[0], offsets[1]);
  }

  private long bytes(String name, ElementType type, long[] shape) {
    try {
      long bytes = type.bytes();
      for (long axis : shape) {
        bytes = Math.multiplyExact(bytes, axis);
      }
      return bytes;
    } catch (ArithmeticException e) {
      throw invalid(name, "has a shape too large to be true");
    }
  }

  /** Checks that the tensors cover the data once, without gap or overlap, as the format demands. */
  private void checkCover() {
    List<String> names = new ArrayList<>(tensors.keySet());
    names.sort(
        Comparator.comparingLong((String name) -> tensors.get(name).begin())
            .thenComparingLong(name -> tensors.get(name).end()));
    long covered = 0;
    for (String name : names) {
      Entry entry = tensors.get(name);
      if (entry.begin() != covered) {
        String problem = entry.begin() < covered ? "overlaps another" : "follows a gap";
        throw invalid(name, problem + " at byte " + entry.begin());
      }
      covered = entry.end();
    }
    if (covered != dataBytes) {
      throw new InvalidDataException(
          file, Counted.of(dataBytes, "byte") + " of data where the header tells of " + covered);
    }
  }

  private InvalidDataException invalid(String name, String reason) {
    return new InvalidDataException(file, "tensor " + name + " " + reason);
  }
}
