// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import java.nio.file.Path;

/** The location of a value of a config. */
sealed interface Location {

  /** Returns the error of the value of {@code key} at this location; "" is the whole config. */
  InvalidConfigException invalid(String key, String reason);

  /** Returns the location of a line of the text that begins here, from 1. */
  Location line(int line);

  /** A line of a file. */
  record FileLine(Path file, int number) implements Location {
    @Override
    public InvalidConfigException invalid(String key, String reason) {
      String location = file + ":" + number;
      return new InvalidConfigException(key.isEmpty() ? location : location + ": " + key, reason);
    }

    @Override
    public Location line(int line) {
      return new FileLine(file, line);
    }
  }

  /** An override on the command line, {@code --set key=value}. */
  record SetOption() implements Location {
    @Override
    public InvalidConfigException invalid(String key, String reason) {
      return new InvalidConfigException(key.isEmpty() ? "--set" : "--set " + key, reason);
    }

    @Override
    public Location line(int line) {
      return this;
    }
  }
}
