// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.screen.Screen;
import java.util.List;
import org.jline.utils.Signals;

/**
 * The signals that ask the program to end. A command that saves first, as a training does, handles
 * them itself while it runs; see {@link io.github.md4.cli.train.Interrupts}.
 */
final class StopSignals {
  private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");

  private StopSignals() {}

  /**
   * Lets each of them end the process with {@link ExitCodes#INTERRUPTED}. One that is ignored from
   * the start, as by {@code nohup}, stays so.
   */
  static void endTheProcess() {
    for (String signal : SIGNALS) {
      Object unused = Signals.register(signal, StopSignals::end);
    }
  }

  /** Ends the line of a bar first, so that the shell's prompt does not stand behind it. */
  private static void end() {
    Screen.endLine();
    System.exit(ExitCodes.INTERRUPTED);
  }
}
