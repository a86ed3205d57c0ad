// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes a safetensors file from tensors that are made one at a time. */
final class SafeTensorsWriter {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int ALIGNMENT = Long.BYTES;

  private final List<NamedTensor> tensors = new ArrayList<>();
  private final byte[] header;

  SafeTensorsWriter(Map<String, String> metadata, Iterable<NamedTensor> tensors) {
    tensors.forEach(this.tensors::add);
    this.tensors.sort(
        Comparator.comparingInt((NamedTensor tensor) -> tensor.type().bytes()).reversed());
    this.header = header(metadata).toString().getBytes(StandardCharsets.UTF_8);
  }

  private JsonObject header(Map<String, String> metadata) {
    JsonObject members = new JsonObject();
    JsonObject texts = new JsonObject();
    new TreeMap<>(metadata).forEach(texts::addProperty);
    members.add(SafeTensorsHeader.METADATA, texts);
    long begin = 0;
    for (NamedTensor tensor : tensors) {
      if (members.has(tensor.name())) {
        throw new IllegalArgumentException("names must differ: " + tensor.name());
      }
      members.add(tensor.name(), entry(tensor, begin));
      begin += tensor.bytes();
    }
    return members;
  }

  private static JsonObject entry(NamedTensor tensor, long begin) {
    JsonObject entry = new JsonObject();
    entry.addProperty(SafeTensorsHeader.TYPE, tensor.type().name());
    entry.add(SafeTensorsHeader.SHAPE, array(tensor.shape().getShape()));
    entry.add(SafeTensorsHeader.OFFSETS, array(begin, begin + tensor.bytes()));
    return entry;
  }

  private static JsonArray array(long... numbers) {
    JsonArray array = new JsonArray();
    for (long number : numbers) {
      array.add(number);
    }
    return array;
  }

  /** Writes the file, which must not exist. */
  void write(Path file) throws IOException {
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      writeFully(out, prefix());
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (NamedTensor tensor : tensors) {
        writeTensor(out, tensor, chunk);
      }
    }
  }

  /** Returns length and header, with spaces up to the alignment, ready to be written. */
  private ByteBuffer prefix() {
    int padding = (ALIGNMENT - header.length % ALIGNMENT) % ALIGNMENT;
    int length = header.length + padding;
    ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
    prefix.putLong(length).put(header).put(" ".repeat(padding).getBytes(StandardCharsets.UTF_8));
    return prefix.flip();
  }

  private static void writeTensor(WritableByteChannel out, NamedTensor tensor, ByteBuffer chunk)
      throws IOException {
    NamedTensor.Elements elements = tensor.elements();
    for (long left = tensor.bytes(); left > 0; left -= chunk.limit()) {
      elements.fill().accept(chunk.clear());
      writeFully(out, chunk.flip());
    }
  }

  private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int written = out.write(bytes);
      if (written < 0) {
        throw new IOException("channel is at its end");
      }
    }
  }
}
