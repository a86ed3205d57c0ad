// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Errors in the use of a command that picocli cannot find by itself. */
public final class Usage {
  private Usage() {}

  /**
   * Checks options against each other.
   *
   * @throws ParameterException if {@code holds} is false
   */
  public static void require(CommandSpec spec, boolean holds, String message) {
    if (!holds) {
      throw error(spec, message);
    }
  }

  /** Returns the error of a command that is used wrongly. */
  public static ParameterException error(CommandSpec spec, String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
