// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgSpec;

/** The values of an argument, as completions offer them. */
final class CompletionValues {
  private static final Pattern BAR = Pattern.compile("\\|");
  private static final Pattern CHOICE =
      Pattern.compile("([a-z0-9][a-z0-9-]*)|([a-z0-9-]+[=:])[A-Z]+");
  private static final Pattern FILE = Pattern.compile("\\b(FILE|RUN)\\b");
  private static final Pattern SENTENCE = Pattern.compile("(?<=\\.) .*", Pattern.DOTALL);

  private CompletionValues() {}

  /**
   * Returns the choices of an argument; none where there are none. One that ends in {@code =} or
   * {@code :} is the beginning of a value; the values that begin so may follow in the list, where
   * {@code @} stands for any file.
   */
  static List<String> choices(ArgSpec argument) {
    if (isPath(argument)) {
      return List.of();
    }
    List<String> labelled = labelled(argument.paramLabel());
    if (!labelled.isEmpty() || argument.completionCandidates() == null) {
      return labelled;
    }
    return StreamSupport.stream(argument.completionCandidates().spliterator(), false).toList();
  }

  /** Returns the choices that a label such as {@code cpu|gpu|gpu:N} names. */
  private static List<String> labelled(String label) {
    List<String> choices = new ArrayList<>();
    for (String each : BAR.split(label, -1)) {
      Matcher choice = CHOICE.matcher(each);
      if (choice.matches()) {
        choices.add(choice.group(1) == null ? choice.group(2) : choice.group(1));
      }
    }
    return choices;
  }

  /** Returns whether a choice is the beginning of a value, behind which no blank may stand. */
  static boolean isOpen(String choice) {
    return choice.endsWith("=") || choice.endsWith(":");
  }

  /** Returns whether an argument may name files. */
  static boolean areFiles(ArgSpec argument) {
    return isPath(argument) || FILE.matcher(argument.paramLabel()).find();
  }

  private static boolean isPath(ArgSpec argument) {
    return Stream.concat(
            Stream.of(argument.type()), Stream.of(argument.typeInfo().getAuxiliaryTypes()))
        .anyMatch(Path.class::equals);
  }

  /** Returns the first sentence of a description. */
  static String sentence(String... description) {
    String all = String.join(" ", description).replace("%%", "%");
    return SENTENCE.matcher(all).replaceFirst("");
  }
}
