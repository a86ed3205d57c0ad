// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import ai.djl.Device;
import io.github.md4.cli.failure.Usage;
import io.github.md4.core.Precision;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** The check of {@code --residual}, and what is told where a network does not follow it. */
public final class Residual {
  private static final String NARROW = "'--residual bfloat16'";

  private Residual() {}

  /**
   * Checks that a narrow stream was asked for beside products as narrow.
   *
   * @throws picocli.CommandLine.ParameterException if not
   */
  public static void check(CommandSpec spec, Precision residual, Precision precision) {
    if (residual == Precision.BFLOAT16 && precision == Precision.FLOAT32) {
      throw Usage.error(spec, NARROW + ": goes with '--precision bfloat16'");
    }
  }

  /**
   * Tells on stderr where a narrow stream was asked for in vain.
   *
   * @param actual the type that the network has
   */
  public static void tell(CommandSpec spec, Precision asked, Precision actual, Device device) {
    PrintWriter err = spec.commandLine().getErr();
    note(asked, actual, device).ifPresent(note -> err.println("md4: " + note));
  }

  /** Returns the line of {@link #tell}. */
  static Optional<String> note(Precision asked, Precision actual, Device device) {
    if (asked == Precision.FLOAT32 || actual == asked) {
      return Optional.empty();
    }
    String where = device.isGpu() ? "this network on this GPU" : "a CPU";
    return Optional.of(NARROW + " has no effect on " + where);
  }
}
