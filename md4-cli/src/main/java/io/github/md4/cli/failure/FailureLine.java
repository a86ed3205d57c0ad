// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import io.github.md4.cli.screen.Visible;
import io.github.md4.core.Choices;
import io.github.md4.core.NearestName;
import io.github.md4.core.NearestPath;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The line that reports a failure. */
public final class FailureLine {
  /** What picocli says of a word that is none of an option's choices. */
  private static final Pattern NO_CHOICE =
      Pattern.compile("expected one of \\[(.*)] \\(case-(?:in)?sensitive\\) but was '(.*)'");

  /** The part of a message of the library that speaks to a Java program. */
  private static final Pattern IN_JAVA = Pattern.compile(" \\(in Java [^)]*\\)");

  /** What Linux says of a file system that nobody may write. */
  private static final String READ_ONLY = ": Read-only file system";

  private FailureLine() {}

  /**
   * Returns the line, without "md4:" and without a line break. Names of files and data sets may
   * hold anything; what would steer a terminal is shown as a picture of itself.
   */
  public static String of(Throwable failure) {
    return Visible.of(line(failure));
  }

  private static String line(Throwable failure) {
    if (failure instanceof ParameterException e) {
      return ofUsage(e);
    }
    if (failure instanceof IOException e) {
      return ofFile(e);
    }
    if (failure instanceof OutOfMemoryError) {
      return "Java's memory is full (" + message(failure) + "); try MD4_JAVA_OPTS=-Xmx8g";
    }
    if (failure.getClass().getPackageName().startsWith("io.github.md4")) {
      return message(failure);
    }
    Optional<String> ofFonts = FontFailures.of(failure);
    if (ofFonts.isPresent()) {
      return ofFonts.get();
    }
    String name = failure.getClass().getSimpleName();
    return name + ": " + message(failure) + " (--stacktrace says where)";
  }

  private static String ofUsage(ParameterException failure) {
    String help = help(failure.getCommandLine());
    if (failure instanceof UnmatchedArgumentException unmatched) {
      return unmatched(unmatched) + help;
    }
    List<String> unknown = failure.getCommandLine().getUnmatchedArguments();
    boolean isMissing = failure instanceof MissingParameterException && !unknown.isEmpty();
    if (isMissing && unknown.stream().anyMatch(FailureLine::isOption)) {
      // What is missing most likely is what was mistyped.
      return unmatched(new UnmatchedArgumentException(failure.getCommandLine(), unknown)) + help;
    }
    // Only the messages of picocli's groups of options begin with "Error: ".
    String plain = GroupFailures.inWords(message(failure)).replaceFirst("^Error: ", "");
    String beside = isMissing ? "; unexpected argument: '" + unknown.get(0) + "'" : "";
    return choices(plain) + beside + help;
  }

  private static String help(CommandLine command) {
    return " ('%s --help' lists %s)"
        .formatted(
            command.getCommandSpec().qualifiedName(),
            command.getSubcommands().isEmpty() ? "its options" : "commands and options");
  }

  /** Returns a message in which the choices of an option stand as they are typed. */
  private static String choices(String message) {
    return NO_CHOICE
        .matcher(message)
        .replaceFirst(
            found -> {
              String names = found.group(1).toLowerCase(Locale.ROOT);
              List<String> all = List.of(names.split(", ", -1));
              String given = found.group(2);
              String text =
                  "must be %s: %s%s"
                      .formatted(Choices.alternatives(all), given, NearestName.hint(all, given));
              return Matcher.quoteReplacement(text);
            });
  }

  private static String unmatched(UnmatchedArgumentException failure) {
    List<String> all = failure.getUnmatched();
    String mistyped = all.get(0);
    List<String> options = all.stream().filter(FailureLine::isOption).toList();
    String complaint =
        isOption(mistyped) // what stands behind it are its values
            ? new UnmatchedArgumentException(failure.getCommandLine(), options).getMessage()
            : unexpected(failure.getCommandLine(), mistyped);
    return complaint + meant(failure, mistyped.replaceFirst("=.*", ""));
  }

  /** Returns what is wrong with a word where a command, or nothing, was expected. */
  private static String unexpected(CommandLine command, String word) {
    return command.getSubcommands().isEmpty()
        ? "unexpected argument: '" + word + "'"
        : "there is no command '" + word + "'";
  }

  private static boolean isOption(String text) {
    return text.startsWith("-") && text.length() > 1;
  }

  /** Returns a question for the option or the command that most likely was meant, if any. */
  private static String meant(UnmatchedArgumentException failure, String mistyped) {
    CommandLine command = failure.getCommandLine();
    CommandSpec spec = command.getCommandSpec();
    Set<String> commands = command.getSubcommands().keySet();
    boolean isOption = mistyped.startsWith("-");
    Optional<String> elsewhere =
        isOption ? OtherWords.option(mistyped, spec) : OtherWords.command(mistyped, spec);
    List<String> names =
        isOption
            ? spec.options().stream()
                .filter(option -> !option.hidden())
                .flatMap(option -> Stream.of(option.names()))
                .toList()
            : List.copyOf(commands);
    String hint =
        elsewhere
            .map(name -> NearestName.hint(List.of(name), name))
            .orElseGet(() -> NearestName.hint(names, mistyped));
    return hint.isEmpty() && isOption ? OtherWords.holders(mistyped, spec) : hint;
  }

  private static String ofFile(IOException failure) {
    String message = message(failure);
    if (failure instanceof NoSuchFileException e) {
      return message + ": there is no such file or folder" + near(e.getFile());
    }
    if (failure instanceof NotDirectoryException) {
      return message + ": there is no folder for it";
    }
    if (failure instanceof AccessDeniedException) {
      return message + ": permission denied";
    }
    if (message.endsWith(READ_ONLY)) {
      return message.replace(READ_ONLY, ": permission denied: the file system is read-only");
    }
    if (failure instanceof FileAlreadyExistsException e && e.getReason() == null) {
      return message + ": exists already";
    }
    return isDiskFull(failure) ? "the disk is full: " + message : message;
  }

  /** Returns a question for the path that most likely was meant, if any. */
  private static String near(String missing) {
    return missing == null || Files.exists(Path.of(missing))
        ? ""
        : NearestPath.hint(Path.of(missing));
  }

  /** Returns whether a disk, or a user's share of it, is full. */
  static boolean isDiskFull(IOException failure) {
    String lower = message(failure).toLowerCase(Locale.ROOT);
    return lower.contains("no space left") || lower.contains("disk quota exceeded");
  }

  /** Returns the first line of the message; the rest of a message of libtorch is a stack trace. */
  private static String message(Throwable failure) {
    String message = failure.getMessage() == null ? "" : failure.getMessage();
    return message
        .lines()
        .filter(line -> !line.isBlank())
        .findFirst()
        .map(line -> IN_JAVA.matcher(line.strip()).replaceAll(""))
        .orElse(failure.getClass().getSimpleName());
  }
}
