// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.launch;

import io.github.md4.cli.failure.ExitCodes;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The end of a launched process when its launcher has died without a word, so that none is left.
 */
public final class LauncherWatch {
  private LauncherWatch() {}

  /** Begins to watch the launcher, if there is one. */
  public static void begin() {
    String launcher = System.getenv(ChildCommand.LAUNCHER);
    if (launcher == null || !launcher.matches("\\d{1,18}")) {
      return;
    }
    Optional<ProcessHandle> process = ProcessHandle.of(Long.parseLong(launcher));
    if (process.isEmpty()) {
      Runtime.getRuntime().halt(ExitCodes.FAILURE);
    } else {
      CompletableFuture<Void> unused =
          process.get().onExit().thenRun(() -> Runtime.getRuntime().halt(ExitCodes.FAILURE));
    }
  }
}
