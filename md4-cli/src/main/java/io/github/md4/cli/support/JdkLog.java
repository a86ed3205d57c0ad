// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

/** The messages of the JDK's own loggers, which md4-core uses, as lines like the program's. */
public final class JdkLog {
  private static final String LINE = "md4: %5$s%n";

  private JdkLog() {}

  /** Sets the form of messages, unless it was given; to be called before the first message. */
  public static void asLines() {
    // Which of the two is read depends on whether Java has the module java.logging.
    for (String key :
        new String[] {"java.util.logging.SimpleFormatter.format", "jdk.system.logger.format"}) {
      if (System.getProperty(key) == null) {
        System.setProperty(key, LINE);
      }
    }
  }
}
