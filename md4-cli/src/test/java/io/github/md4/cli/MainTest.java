// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.DeviceException;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.train.optimizer.DivergedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

final class MainTest {

  /** What a run leaves behind. */
  private record Outcome(int code, String out, String err) {}

  /** A command that prints, and then throws what it is given, if anything. */
  @Command(name = "work")
  private static final class Work implements Callable<Integer> {
    private final Throwable failure;

    @Option(names = "--steps")
    private int steps = 7;

    @Spec private CommandSpec spec;

    Work(Throwable failure) {
      this.failure = failure;
    }

    @Override
    public Integer call() throws Exception {
      spec.commandLine().getOut().println("done " + steps);
      if (failure instanceof Exception e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
      return ExitCodes.DONE;
    }
  }

  private static Outcome run(Throwable failure, String... args) {
    CommandLine root = new CommandLine(new Md4Command());
    root.addSubcommand(new Work(failure));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.execute(root, new PrintWriter(out), new PrintWriter(err), args);
    return new Outcome(code, out.toString(), err.toString());
  }

  private static Stream<Arguments> failures() {
    Path file = Path.of("data.bin");
    return Stream.of(
        arguments(new InvalidConfigException("a.yaml:3: x", "is bad"), 2, "a.yaml:3: x: is bad"),
        arguments(new InvalidDataException(file, "is cut off"), 3, "data.bin: is cut off"),
        arguments(new DeviceException("gpu 3 is absent"), 4, "gpu 3 is absent"),
        arguments(
            new DivergedException("the loss is NaN at step 5"), 5, "the loss is NaN at step 5"),
        arguments(new NoSuchFileException("x.bin"), 3, "x.bin: there is no such file or folder"),
        arguments(new NotDirectoryException("x.png"), 1, "x.png: there is no folder for it"),
        arguments(
            new NoSuchFileException("pom.xmll"),
            3,
            "pom.xmll: there is no such file or folder; did you mean pom.xml?"),
        arguments(new AccessDeniedException("x.bin"), 1, "x.bin: permission denied"),
        arguments(
            new FileSystemException("x.bin", null, "Read-only file system"),
            1,
            "x.bin: permission denied: the file system is read-only"),
        arguments(new FileAlreadyExistsException("runs/a"), 1, "runs/a: exists already"),
        arguments(
            new FileAlreadyExistsException("runs/a", null, "is a file"), 1, "runs/a: is a file"),
        arguments(
            new IOException("No space left on device"),
            1,
            "the disk is full: No space left on device"),
        arguments(
            new FileSystemException("a", null, "Disk quota exceeded"),
            1,
            "the disk is full: a: Disk quota exceeded"),
        arguments(new UncheckedIOException(new IOException("cut")), 1, "cut"),
        arguments(
            new CompletionException(new InvalidDataException(file, "is bad")),
            3,
            "data.bin: is bad"),
        arguments(
            new IllegalStateException("\nfirst line\nsecond line"),
            1,
            "IllegalStateException: first line (--stacktrace says where)"),
        arguments(
            new NullPointerException(),
            1,
            "NullPointerException: NullPointerException (--stacktrace says where)"),
        arguments(
            new UnsatisfiedLinkError("no torch"),
            1,
            "UnsatisfiedLinkError: no torch (--stacktrace says where)"),
        arguments(
            new OutOfMemoryError("Java heap space"),
            1,
            "Java's memory is full (Java heap space); try MD4_JAVA_OPTS=-Xmx8g"),
        arguments(
            new InterruptedException("sleep"),
            130,
            "InterruptedException: sleep (--stacktrace says where)"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void failure_isOneLineAndItsCode(Throwable failure, int code, String line) {
    assertThat(run(failure, "work"))
        .isEqualTo(new Outcome(code, "done 7\n", "md4: " + line + "\n"));
  }

  @Test
  void success_printsResultsOnly() {
    assertThat(run(null, "work", "--steps", "5")).isEqualTo(new Outcome(0, "done 5\n", ""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "work --stepz 5 | Unknown option: '--stepz'; did you mean --steps? ('md4 work --help' lists its options)",
        "work --steps x | Invalid value for option '--steps': 'x' is not a whole number ('md4 work --help' lists its options)",
        "works          | there is no command 'works'; did you mean work? ('md4 --help' lists commands and options)",
        "work five      | unexpected argument: 'five' ('md4 work --help' lists its options)",
        "--frobnicate   | Unknown option: '--frobnicate' ('md4 --help' lists commands and options)",
      })
  void usage_isCodeTwoWithWhatWasMeant(String args, String line) {
    assertThat(run(null, args.split(" "))).isEqualTo(new Outcome(2, "", "md4: " + line + "\n"));
  }

  @Test
  void usage_withoutACommandSaysSo() {
    assertThat(run(null))
        .isEqualTo(
            new Outcome(2, "", "md4: Missing command ('md4 --help' lists commands and options)\n"));
  }

  @Test
  void stacktrace_followsTheLine() {
    Throwable failure = new DeviceException("gpu", new IllegalStateException("inner"));
    for (String[] args : new String[][] {{"--stacktrace", "work"}, {"work", "--stacktrace"}}) {
      assertThat(run(failure, args).err())
          .startsWith("md4: gpu\nio.github.md4.core.DeviceException: gpu\n\tat ")
          .contains("Caused by: java.lang.IllegalStateException: inner");
    }
  }

  @Test
  void helpAndVersion_goToStandardOutput() {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    assertThat(Main.execute(new PrintWriter(out), new PrintWriter(err), "--version")).isZero();
    assertThat(out.toString()).contains("md4 ", "DJL 0.").endsWith("\n");
    assertThat(run(null, "work", "--help").out()).startsWith("Usage: md4 work");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "help,                     Usage: md4 [",
    "help evaluate,            Usage: md4 evaluate [",
    "help evaluate fid,        Usage: md4 evaluate fid [",
    "help evaluate generative, Usage: md4 evaluate generative [",
    "evaluate fid --help,      Usage: md4 evaluate fid [",
    "help bench train,         Usage: md4 bench train [",
  })
  void help_isThatOfTheCommandNamed(String args, String start) {
    Outcome outcome = run(null, args.split(" "));
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out()).startsWith(start);
  }

  @Test
  void help_ofAnUnknownCommandNamesNearOnes() {
    assertThat(run(null, "help", "evaluate", "fids").err())
        .isEqualTo(
            "md4: there is no command 'fids'; did you mean fid?"
                + " ('md4 evaluate --help' lists commands and options)\n");
  }

  @Test
  void help_ofEvaluateListsItsSubcommands() {
    assertThat(run(null, "evaluate", "--help").out())
        .containsPattern("\n  fid  +Compares samples")
        .containsPattern("\n  generative  +");
  }

  /** A stream whose disk is full. */
  private static final class FullWriter extends Writer {
    @Override
    public void write(char[] text, int offset, int length) throws IOException {
      throw new IOException("No space left on device");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void output_thatCannotBeWrittenIsAFailure() {
    StringWriter err = new StringWriter();
    PrintWriter full = new PrintWriter(new FullWriter());
    assertThat(Main.execute(full, new PrintWriter(err), "--version")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo("md4: standard output cannot be written: it is closed, or its disk is full\n");
  }
}
