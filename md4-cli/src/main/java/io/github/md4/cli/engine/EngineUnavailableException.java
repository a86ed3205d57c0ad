// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

/** DJL's engine does not start: its libraries cannot be unpacked, found or loaded. */
public final class EngineUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  EngineUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
