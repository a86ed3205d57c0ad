// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgSpec;

/** The values of an argument, as completions offer them. */
final class CompletionValues {
  private static final Pattern CHOICES = Pattern.compile("[a-z0-9-]+(\\|[a-z0-9-]+)+");
  private static final Pattern SENTENCE = Pattern.compile("(?<=\\.) .*", Pattern.DOTALL);

  private CompletionValues() {}

  /** Returns the choices of an argument; none where there are none. */
  static List<String> choices(ArgSpec argument) {
    if (CHOICES.matcher(argument.paramLabel()).matches()) {
      return List.of(argument.paramLabel().split("\\|", -1));
    }
    return argument.completionCandidates() == null
        ? List.of()
        : StreamSupport.stream(argument.completionCandidates().spliterator(), false).toList();
  }

  /** Returns whether an argument names files. */
  static boolean areFiles(ArgSpec argument) {
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
