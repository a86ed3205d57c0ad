// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

/**
 * The reader of stdout is gone, as after {@code md4 ... | head}. The program ends without a word,
 * as one that SIGPIPE ends.
 */
public final class ClosedOutputException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ClosedOutputException(Exception cause) {
    super("nobody reads standard output any more", cause);
  }
}
