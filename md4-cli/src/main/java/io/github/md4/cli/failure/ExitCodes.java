// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import io.github.md4.cli.screen.ClosedOutputException;
import io.github.md4.core.DeviceException;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.parallel.JobException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine.ParameterException;

/** The exit codes of the process. */
public final class ExitCodes {
  public static final int DONE = 0;
  public static final int FAILURE = 1;
  public static final int USAGE = 2;
  public static final int DATA = 3;
  public static final int DEVICE = 4;
  public static final int DIVERGED = 5;

  /** The code that shells use for SIGINT. A training that a signal stopped returns it too. */
  public static final int INTERRUPTED = 130;

  /** The code that shells use for SIGPIPE: the reader of standard output is gone. */
  public static final int CLOSED_OUTPUT = 141;

  private ExitCodes() {}

  public static int of(Throwable failure) {
    if (failure instanceof ParameterException || failure instanceof InvalidConfigException) {
      return USAGE;
    }
    // Of a file that is read; one that is written has another exception, see OutputFile.
    if (failure instanceof InvalidDataException || failure instanceof NoSuchFileException) {
      return DATA;
    }
    if (failure instanceof DeviceException) {
      return DEVICE;
    }
    if (failure instanceof DivergedException) {
      return DIVERGED;
    }
    if (failure instanceof JobException e) {
      return e.code();
    }
    if (failure instanceof ClosedOutputException) {
      return CLOSED_OUTPUT;
    }
    return failure instanceof InterruptedException ? INTERRUPTED : FAILURE;
  }
}
