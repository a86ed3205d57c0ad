// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.io.IOException;
import java.io.InputStream;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;

/**
 * The messages of all loggers, the JDK's own of md4-core and SLF4J's of the libraries, as lines
 * like the program's on stderr; results alone go to stdout.
 */
public final class JdkLog {
  private static final String FILE = "java.util.logging.config.file";
  private static final String CLASS = "java.util.logging.config.class";

  private JdkLog() {}

  /**
   * Sets levels and the form of messages, unless they were given; to be called before the first
   * message. Nothing of logging is loaded before that.
   */
  public static void asLines() {
    if (System.getProperty(FILE) == null && System.getProperty(CLASS) == null) {
      System.setProperty(CLASS, Configuration.class.getName());
    }
  }

  /** What {@link LogManager} makes when the first logger is asked for. */
  public static final class Configuration {
    /** Reads {@code logging.properties}, which stands beside this class. */
    public Configuration() throws IOException {
      try (InputStream properties = JdkLog.class.getResourceAsStream("logging.properties")) {
        LogManager.getLogManager().readConfiguration(properties);
      }
    }
  }

  /** A message in one line that steers no terminal; a warning names its source. */
  public static final class Line extends Formatter {
    @Override
    public String format(LogRecord record) {
      String message = formatMessage(record).replaceAll("\\p{Cntrl}+", " ");
      boolean isWarning = record.getLevel().intValue() > Level.INFO.intValue();
      String name = String.valueOf(record.getLoggerName());
      String from = isWarning ? name.substring(name.lastIndexOf('.') + 1) + ": " : "";
      return "md4: " + from + message + System.lineSeparator();
    }
  }
}
