// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.launch;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command of md4 in a process of its own, by the Java and with the options of this one. */
public final class ChildCommand {
  /** The variable that tells a process who has launched it. */
  static final String LAUNCHER = "MD4_LAUNCHER";

  /** The program, which knows this package and which this package does not. */
  private static final String MAIN =
      ChildCommand.class.getPackageName().replaceFirst("\\.launch$", ".Main");

  private ChildCommand() {}

  /**
   * Returns a process to be started, which ends when this one does. It reads nothing, and what it
   * says on stderr is seen.
   *
   * @param command the words after md4
   */
  public static ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(words(command));
    builder.environment().put(LAUNCHER, "" + ProcessHandle.current().pid());
    builder.redirectInput(new File("/dev/null"));
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    return builder;
  }

  private static List<String> words(List<String> command) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-agentlib") && !argument.startsWith("-javaagent"))
        .forEach(words::add);
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    words.addAll(command);
    return words;
  }
}
