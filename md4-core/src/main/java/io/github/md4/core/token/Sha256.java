// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, in lower-case hexadecimal. */
public final class Sha256 {
  private static final int BUFFER_BYTES = 1 << 16;

  private Sha256() {}

  static MessageDigest start() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static String finish(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * {@return the SHA-256 of bytes, 64 digits}
   *
   * @param bytes the bytes to be hashed
   */
  public static String of(byte[] bytes) {
    return HexFormat.of().formatHex(start().digest(bytes));
  }

  /**
   * {@return the SHA-256 of a file's bytes, 64 digits}
   *
   * @param file a readable file, read once in pieces
   * @throws io.github.md4.core.InvalidDataException if it is a folder, a pipe or a device
   * @throws IOException if the file cannot be read
   */
  public static String of(Path file) throws IOException {
    new UntrustedFile(file).checkIsRegular();
    MessageDigest digest = start();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
    }
    return finish(digest);
  }
}
