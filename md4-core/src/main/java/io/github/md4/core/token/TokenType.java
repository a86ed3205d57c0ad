// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Choices;
import java.nio.ByteBuffer;

/** The type of an id in a token file, unsigned or never negative; little-endian. */
public enum TokenType {
  /** A byte for each id, for at most 256 tokens. */
  UINT8("uint8", 1, 1 << 8) {
    @Override
    void get(ByteBuffer from, int at, int[] into, Span span) {
      for (int i = 0; i < span.count(); i++) {
        into[span.start() + i] = from.get(at + i) & 0xFF;
      }
    }

    @Override
    void put(int id, ByteBuffer into) {
      into.put((byte) id);
    }
  },
  /** Two bytes for each id, for at most 65,536 tokens. */
  UINT16("uint16", 2, 1 << 16) {
    @Override
    void get(ByteBuffer from, int at, int[] into, Span span) {
      for (int i = 0; i < span.count(); i++) {
        into[span.start() + i] = from.getShort(at + 2 * i) & 0xFFFF;
      }
    }

    @Override
    void put(int id, ByteBuffer into) {
      into.putShort((short) id);
    }
  },
  /** Four bytes for each id, for any vocabulary. */
  INT32("int32", 4, Integer.MAX_VALUE) {
    @Override
    void get(ByteBuffer from, int at, int[] into, Span span) {
      for (int i = 0; i < span.count(); i++) {
        into[span.start() + i] = from.getInt(at + 4 * i);
      }
    }

    @Override
    void put(int id, ByteBuffer into) {
      into.putInt(id);
    }
  };

  private final String jsonName;
  private final int bytes;
  private final int capacity;

  TokenType(String jsonName, int bytes, int capacity) {
    this.jsonName = jsonName;
    this.bytes = bytes;
    this.capacity = capacity;
  }

  /** A part of an array of ids. */
  record Span(int start, int count) {}

  /**
   * {@return the smallest type whose values hold {@code 0 .. vocabularySize - 1}}
   *
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @throws IllegalArgumentException if {@code vocabularySize} is below 1
   */
  public static TokenType smallestFor(int vocabularySize) {
    require(vocabularySize >= 1, "vocabularySize must be at least 1", vocabularySize);
    for (TokenType type : values()) {
      if (vocabularySize <= type.capacity) {
        return type;
      }
    }
    throw new AssertionError("int32 holds every int");
  }

  /** {@return the bytes of one id: 1, 2 or 4} */
  public int bytes() {
    return bytes;
  }

  /** Reads ids from the byte {@code at} on into a part of an array; {@code from} stays as it is. */
  abstract void get(ByteBuffer from, int at, int[] into, Span span);

  /** Appends one id, which must fit. */
  abstract void put(int id, ByteBuffer into);

  /** Returns the name in JSON. */
  String jsonName() {
    return jsonName;
  }

  /** Returns the type of that {@link #jsonName}. */
  static TokenType fromJsonName(String name) {
    return Choices.parse(values(), "tokenType", name);
  }

  /** Returns the name in JSON. */
  @Override
  public String toString() {
    return jsonName;
  }
}
