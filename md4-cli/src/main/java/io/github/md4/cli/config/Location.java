// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import java.nio.file.Path;

/** Where a value of a config was written. */
sealed interface Location {

  /** Returns the error of the value that stands here under {@code key}; "" is the whole config. */
  InvalidConfigException invalid(String key, String reason);

  /** Returns the location {@code line} lines into this one, from 1. */
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
