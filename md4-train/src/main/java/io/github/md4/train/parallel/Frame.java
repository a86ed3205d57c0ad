// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/** A message between two processes: its kind, its length, and its content. */
record Frame(Kind kind, byte[] content) {
  private static final byte[] EMPTY = {};

  /** The kind of a message. */
  enum Kind {
    /** A sign of life. */
    PING(1),
    /** A part of what all processes do together. */
    DATA(2),
    /** A failure that ends the job. */
    FAILURE(3),
    /** The sender's regular end. */
    END(4);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static Kind of(int code) throws IOException {
      return Arrays.stream(values())
          .filter(kind -> kind.code == code)
          .findFirst()
          .orElseThrow(() -> new IOException("not a message of md4"));
    }
  }

  static Frame of(Kind kind) {
    return new Frame(kind, EMPTY);
  }

  void write(DataOutputStream out) throws IOException {
    out.writeByte(kind.code);
    out.writeInt(content.length);
    out.write(content);
    out.flush();
  }

  /**
   * Reads a message.
   *
   * @throws IOException also if it is no message
   */
  static Frame read(DataInputStream in) throws IOException {
    Kind kind = Kind.of(in.readUnsignedByte());
    int length = in.readInt();
    if (length < 0) {
      throw new IOException("not a message of md4");
    }
    return new Frame(kind, in.readNBytes(length));
  }
}
