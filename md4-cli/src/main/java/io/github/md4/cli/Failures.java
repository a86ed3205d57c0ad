// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.cli.engine.DeviceFailures;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.FailureLine;
import io.github.md4.cli.screen.ClosedOutputException;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.IntSupplier;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The handler of every failure: one line on stderr, and an exit code. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private final CommandLine root;

  Failures(CommandLine root) {
    this.root = root;
  }

  /** Runs the program and returns its exit code, or that of the error that ends it. */
  int guard(IntSupplier program) {
    try {
      return program.getAsInt();
    } catch (Error | ClosedOutputException e) {
      return report(e);
    }
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    return report(failure);
  }

  @Override
  public int handleExecutionException(
      Exception failure, CommandLine command, ParseResult parseResult) {
    return report(failure);
  }

  private int report(Throwable failure) {
    Throwable cause = DeviceFailures.of(unwrap(failure));
    if (cause instanceof ClosedOutputException) {
      return ExitCodes.of(cause);
    }
    PrintWriter err = root.getErr();
    print(cause, err);
    Md4Command command = root.getCommand();
    if (command.isStacktraceAsked()) {
      failure.printStackTrace(err);
    }
    return ExitCodes.of(cause);
  }

  /** Prints the line of a failure; for a config and its data, those of all errors. */
  private static void print(Throwable failure, PrintWriter err) {
    err.println("md4: " + FailureLine.of(failure));
    if (isOfInput(failure)) {
      Arrays.stream(failure.getSuppressed())
          .filter(Failures::isOfInput)
          .forEach(other -> print(other, err));
    }
  }

  private static boolean isOfInput(Throwable failure) {
    return failure instanceof InvalidConfigException || failure instanceof InvalidDataException;
  }

  /** Returns the cause of a failure that only wraps another. */
  private static Throwable unwrap(Throwable failure) {
    boolean wrapper =
        failure instanceof UncheckedIOException
            || failure instanceof ExecutionException
            || failure instanceof CompletionException;
    return wrapper && failure.getCause() != null ? unwrap(failure.getCause()) : failure;
  }
}
