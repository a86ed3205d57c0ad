// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

/** A failure of the model, which no client is told more of than that it was. */
final class CallFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  CallFailedException(Throwable cause) {
    super(cause);
  }
}
