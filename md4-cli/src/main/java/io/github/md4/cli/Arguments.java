// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The arguments of the process. Java decodes them by the locale, and what is not in it, as all
 * beyond ASCII under {@code LC_ALL=C}, is lost; Linux still has their bytes.
 */
final class Arguments {
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private Arguments() {}

  /** Returns the arguments in UTF-8, where the system tells them, and as they are elsewhere. */
  static String[] decoded(String... args) {
    if (Arrays.stream(args).allMatch(Arguments::isAscii)) {
      return args;
    }
    try {
      return decoded(Files.readAllBytes(COMMAND_LINE), args);
    } catch (IOException e) {
      return args;
    }
  }

  /**
   * @param commandLine all words of the process, each with a NUL behind it
   */
  static String[] decoded(byte[] commandLine, String... args) {
    String text = new String(commandLine, StandardCharsets.UTF_8);
    List<String> words = List.of(text.split("\0", -1));
    int end = words.size() - 1; // behind the last NUL
    if (end < args.length) {
      return args;
    }
    return words.subList(end - args.length, end).toArray(String[]::new);
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }
}
