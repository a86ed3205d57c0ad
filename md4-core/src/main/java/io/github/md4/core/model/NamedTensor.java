// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A tensor to be written by {@link SafeTensors#write}: its elements, row-major, are asked for only
 * when it is its turn.
 */
public final class NamedTensor {
  private final String name;
  private final ElementType type;
  private final Shape shape;
  private final Supplier<Elements> elements;

  private NamedTensor(String name, ElementType type, Shape shape, Supplier<Elements> elements) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.elements = elements;
  }

  /**
   * {@return a tensor of float32}
   *
   * @param name the name in the file's header
   * @param shape the sizes of its axes; elements follow in row-major order
   * @param data gives the elements, called once when it is written; as many between position and
   *     limit as the shape has, or else the writing fails
   * @throws IllegalArgumentException if it has 2 GiB or more
   */
  public static NamedTensor floats(String name, Shape shape, Supplier<FloatBuffer> data) {
    checkSize(name, ElementType.F32, shape);
    return new NamedTensor(name, ElementType.F32, shape, () -> elements(data.get().duplicate()));
  }

  /**
   * {@return a tensor of int64}
   *
   * @param name the name in the file's header
   * @param shape the sizes of its axes; elements follow in row-major order
   * @param data gives the elements, called once when it is written; as many between position and
   *     limit as the shape has, or else the writing fails
   * @throws IllegalArgumentException if it has 2 GiB or more
   */
  public static NamedTensor longs(String name, Shape shape, Supplier<LongBuffer> data) {
    checkSize(name, ElementType.I64, shape);
    return new NamedTensor(name, ElementType.I64, shape, () -> elements(data.get().duplicate()));
  }

  /** Checks that a buffer can hold the elements. */
  private static void checkSize(String name, ElementType type, Shape shape) {
    if (shape.size() > Integer.MAX_VALUE / type.bytes()) {
      throw new IllegalArgumentException("a tensor must be below 2 GiB: " + name + shape);
    }
  }

  /** Bytes of a tensor, from the byte {@code first} on. */
  @FunctionalInterface
  interface Bytes {
    ByteBuffer of(long first, long count) throws IOException;
  }

  /** Returns a tensor whose bytes are copied. */
  static NamedTensor bytes(String name, ElementType type, Shape shape, Bytes data) {
    return new NamedTensor(name, type, shape, () -> elements(shape.size(), type.bytes(), data));
  }

  private static Elements elements(long count, int size, Bytes data) {
    long[] first = {0};
    return new Elements(
        count,
        chunk -> {
          long bytes = Math.min(chunk.remaining() / size * (long) size, count * size - first[0]);
          try {
            chunk.put(data.of(first[0], bytes));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          first[0] += bytes;
        });
  }

  String name() {
    return name;
  }

  ElementType type() {
    return type;
  }

  Shape shape() {
    return shape;
  }

  long bytes() {
    return shape.size() * type.bytes();
  }

  /** Returns the elements, or throws an IllegalArgumentException if they do not fit the shape. */
  Elements elements() {
    Elements source = elements.get();
    if (source.count() != shape.size()) {
      throw new IllegalArgumentException(
          "data must fill the shape of " + name + ": " + source.count() + ", " + shape);
    }
    return source;
  }

  /** Elements that are still to be written. */
  record Elements(long count, Consumer<ByteBuffer> fill) {}

  private static Elements elements(FloatBuffer source) {
    return new Elements(
        source.remaining(),
        chunk -> {
          FloatBuffer target = chunk.asFloatBuffer();
          int count = Math.min(target.remaining(), source.remaining());
          target.put(source.slice(source.position(), count));
          source.position(source.position() + count);
          chunk.position(chunk.position() + count * Float.BYTES);
        });
  }

  private static Elements elements(LongBuffer source) {
    return new Elements(
        source.remaining(),
        chunk -> {
          LongBuffer target = chunk.asLongBuffer();
          int count = Math.min(target.remaining(), source.remaining());
          target.put(source.slice(source.position(), count));
          source.position(source.position() + count);
          chunk.position(chunk.position() + count * Long.BYTES);
        });
  }
}
