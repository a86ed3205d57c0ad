// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/** The token that clients must show, if there is one. */
final class BearerToken {
  private static final String SCHEME = "Bearer ";
  private static final long LONGEST = 4096;

  private final byte[] token; // null where none is asked for

  private BearerToken(byte[] token) {
    this.token = token;
  }

  /** Returns the rule that asks for none. */
  static BearerToken none() {
    return new BearerToken(null);
  }

  /**
   * Returns the token in a file: its one line.
   *
   * @throws InvalidDataException if the file has no line, or several
   */
  static BearerToken read(Path file) throws IOException {
    UntrustedFile untrusted = new UntrustedFile(file);
    untrusted.checkIsReadable();
    if (Files.size(file) > LONGEST) {
      throw new InvalidDataException(file, "is too long for a token: over 4,096 bytes");
    }
    String text = untrusted.text().strip();
    if (text.isEmpty() || !text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new InvalidDataException(
          file, "must hold a token: one line of ASCII characters without blanks");
    }
    return new BearerToken(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns whether clients must show it. */
  boolean isAsked() {
    return token != null;
  }

  /** Checks an Authorization header, in a time that does not tell how much of it is right. */
  void check(Optional<String> authorization) {
    if (token == null) {
      return;
    }
    String given = authorization.filter(text -> text.startsWith(SCHEME)).orElse("");
    byte[] shown = given.replaceFirst(SCHEME, "").strip().getBytes(StandardCharsets.UTF_8);
    if (given.isEmpty() || !MessageDigest.isEqual(shown, token)) {
      throw Refusal.of(
          401, "invalid_api_key", "the header Authorization must be Bearer and the server's token");
    }
  }
}
