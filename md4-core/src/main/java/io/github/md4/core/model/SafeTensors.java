// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.FloatFormat;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.network.StoredValues;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * A file of named tensors in the safetensors format (huggingface/safetensors): the length of a JSON
 * header as eight bytes, the header, the data; all little-endian.
 *
 * <p>The header is checked whole when the file is opened; the tensors are memory-mapped one at a
 * time, so the file may be of any size. What is wrong with a file is an {@link
 * InvalidDataException} that names the file and the tensor. An open file may be read by several
 * threads.
 */
public final class SafeTensors implements AutoCloseable {
  /** The beginning of a git-lfs pointer, {@code version }, as the length of a header. */
  private static final long GIT_LFS = 0x206e6f6973726576L;

  /** The format's own limit. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private final Path file;
  private final FileChannel channel;
  private final long dataStart;
  private final SafeTensorsHeader header;

  private SafeTensors(Path file, FileChannel channel, ByteBuffer json) throws IOException {
    this.file = file;
    this.channel = channel;
    this.dataStart = (long) Long.BYTES + json.remaining();
    this.header = new SafeTensorsHeaderReader(file, channel.size() - dataStart).read(json);
  }

  /**
   * Opens a file and checks its header against its length. The caller closes it.
   *
   * @param file the file; messages name it
   * @return the open file
   * @throws InvalidDataException if there is no such file or it is damaged
   * @throws IOException if the file cannot be read
   */
  public static SafeTensors open(Path file) throws IOException {
    new UntrustedFile(file).checkExists("");
    FileChannel channel = FileChannel.open(file);
    try {
      return new SafeTensors(file, channel, headerBytes(file, channel));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static ByteBuffer headerBytes(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < Long.BYTES) {
      throw new InvalidDataException(
          file, "cut short: " + Counted.of(size, "byte") + ", less than a header");
    }
    long length = map(channel, 0, Long.BYTES).getLong();
    if (length == GIT_LFS) {
      throw new InvalidDataException(
          file, "is a pointer of git-lfs, not the weights; run git lfs pull in its folder");
    }
    if (length < 0 || length > MAX_HEADER_BYTES) {
      throw new InvalidDataException(
          file, "not safetensors: header of %,d bytes".formatted(length));
    }
    if (length > size - Long.BYTES) {
      throw new InvalidDataException(
          file,
          "cut short: header of %s in a file of %,d".formatted(Counted.of(length, "byte"), size));
    }
    return map(channel, Long.BYTES, length);
  }

  private static ByteBuffer map(FileChannel channel, long start, long bytes) throws IOException {
    return channel.map(FileChannel.MapMode.READ_ONLY, start, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The file's name.
   *
   * @return the path that was opened
   */
  public Path path() {
    return file;
  }

  /**
   * The names of all tensors, in the order of the header.
   *
   * @return the names
   */
  public Set<String> names() {
    return header.tensors().keySet();
  }

  /**
   * The texts that the writer added, by key; empty where it added none.
   *
   * @return the texts, by key
   */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * The shape of a tensor, of any element type.
   *
   * @param name the tensor's name as the header has it
   * @return the shape
   * @throws InvalidDataException if there is no such tensor
   */
  public Shape shape(String name) {
    return entry(name).shape();
  }

  /**
   * {@return the elements of a float32 tensor, row-major, read-only, still valid after {@link
   * #close}}
   *
   * @param name the tensor's name as the header has it
   * @throws InvalidDataException if there is no such tensor, or it is of another type or above 2
   *     GiB
   * @throws IOException if the file cannot be read
   */
  public FloatBuffer floats(String name) throws IOException {
    return data(name, ElementType.F32).asFloatBuffer();
  }

  /**
   * {@return the elements of an int64 tensor, row-major, read-only, still valid after {@link
   * #close}}
   *
   * @param name the tensor's name as the header has it
   * @throws InvalidDataException if there is no such tensor, or it is of another type or above 2
   *     GiB
   * @throws IOException if the file cannot be read
   */
  public LongBuffer longs(String name) throws IOException {
    return data(name, ElementType.I64).asLongBuffer();
  }

  /**
   * {@return the elements of a float32, float16 or bfloat16 tensor, row-major, as a new array}
   *
   * @param name the tensor's name as the header has it
   * @throws InvalidDataException if there is no such tensor, or it is of another type or above 2
   *     GiB
   * @throws IOException if the file cannot be read
   */
  public float[] asFloats(String name) throws IOException {
    SafeTensorsHeader.Entry entry = floating(name);
    return entry.type().format(file, name).floats(bytes(name, entry));
  }

  private SafeTensorsHeader.Entry floating(String name) {
    SafeTensorsHeader.Entry entry = entry(name);
    if (entry.type() == ElementType.UNKNOWN) {
      throw new InvalidDataException(
          file, "tensor " + name + " is " + entry.dtype() + "; F32, F16 or BF16 is needed");
    }
    return entry;
  }

  /**
   * {@return {@link #asFloats} of weights, of which each must be a number}
   *
   * @param name the tensor's name as the header has it
   * @throws InvalidDataException as {@link #asFloats}, and if one is NaN or infinite
   * @throws IOException if the file cannot be read
   */
  public float[] asFiniteFloats(String name) throws IOException {
    SafeTensorsHeader.Entry entry = floating(name);
    FloatFormat format = entry.type().format(file, name);
    return format.floats(finite(name, format, bytes(name, entry)));
  }

  private ByteBuffer finite(String name, FloatFormat format, ByteBuffer data) {
    if (!format.areFinite(data)) {
      throw new InvalidDataException(
          file,
          "tensor " + name + " holds NaN or infinity: its training diverged, or it is damaged");
    }
    return data;
  }

  /**
   * {@return elements of a tensor of weights as they lie in the file, memory-mapped; each is a
   * number}
   *
   * @param name the tensor's name as the header has it
   * @param first the index of the first element, row-major, from 0
   * @param count the number of elements, at least 0
   * @throws IllegalArgumentException if the tensor has not so many elements
   * @throws InvalidDataException as {@link #asFiniteFloats(String)}
   * @throws IOException if the file cannot be read
   */
  public StoredValues finiteValues(String name, long first, int count) throws IOException {
    SafeTensorsHeader.Entry entry = floating(name);
    long elements = entry.shape().size();
    if (first < 0 || count < 0 || first > elements - count) {
      throw new IllegalArgumentException(
          "tensor %s has %s, not %d from %d on"
              .formatted(name, Counted.of(elements, "element"), count, first));
    }
    FloatFormat format = entry.type().format(file, name);
    long start = dataStart + entry.begin() + first * format.bytes;
    ByteBuffer data = map(channel, start, (long) count * format.bytes);
    ByteBuffer unused = finite(name, format, data);
    return new StoredValues(format, start % format.bytes == 0 ? data : aligned(data));
  }

  /** Returns a copy for a file that somebody wrote without any alignment. */
  private static ByteBuffer aligned(ByteBuffer data) {
    return ByteBuffer.allocateDirect(data.remaining()).put(data).flip();
  }

  /** {@return the number of bytes of all tensors} */
  public long dataBytes() {
    return header.tensors().values().stream().mapToLong(SafeTensorsHeader.Entry::bytes).sum();
  }

  /**
   * {@return the name of a tensor's element type in the file, as {@code BF16}}
   *
   * @param name the tensor's name as the header has it
   * @throws InvalidDataException if there is no such tensor
   */
  public String type(String name) {
    return entry(name).dtype();
  }

  /**
   * {@return a tensor to be written under another name, its bytes as they are here; this file must
   * be open then}
   *
   * @param name the tensor's name as the header has it
   * @param newName the name in the file to be written
   * @throws InvalidDataException if there is no such tensor, or it is not F32, F16 or BF16
   */
  public NamedTensor tensor(String name, String newName) {
    SafeTensorsHeader.Entry entry = floating(name);
    return NamedTensor.bytes(
        newName,
        entry.type(),
        entry.shape(),
        (first, count) -> map(channel, dataStart + entry.begin() + first, count));
  }

  private ByteBuffer data(String name, ElementType type) throws IOException {
    SafeTensorsHeader.Entry entry = entry(name);
    if (entry.type() != type) {
      throw new InvalidDataException(
          file, "tensor " + name + " is " + entry.dtype() + "; " + type + " is needed");
    }
    return bytes(name, entry);
  }

  private ByteBuffer bytes(String name, SafeTensorsHeader.Entry entry) throws IOException {
    if (entry.bytes() > Integer.MAX_VALUE) {
      throw new InvalidDataException(file, "tensor " + name + " is above 2 GiB");
    }
    return map(channel, dataStart + entry.begin(), entry.bytes());
  }

  private SafeTensorsHeader.Entry entry(String name) {
    SafeTensorsHeader.Entry entry = header.tensors().get(name);
    if (entry == null) {
      throw new InvalidDataException(file, "has no tensor " + name);
    }
    return entry;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /**
   * Writes a file that other tools read, holding one tensor in memory at a time. The file appears
   * under its name whole and synced, or not at all; one of that name is replaced.
   *
   * @param file the file to be written; folders above it are made
   * @param metadata texts to add, by key; written in the order of the keys
   * @param tensors the tensors, in the order of the file, but those of larger elements first, so
   *     that all are aligned
   * @throws IllegalArgumentException if two names are equal or data does not fill its shape
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, Map<String, String> metadata, Iterable<NamedTensor> tensors)
      throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter(metadata, tensors);
    AtomicWrite.file(file, writer::write);
  }
}
