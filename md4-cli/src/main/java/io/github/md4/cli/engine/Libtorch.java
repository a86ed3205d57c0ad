// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * The libtorch that is among the jars.
 *
 * @param version as DJL names it
 * @param flavor {@code cpu}, or a version of CUDA such as {@code cu121}
 */
public record Libtorch(String version, String flavor) {
  private static final String PROPERTIES = "/native/lib/pytorch.properties";

  /** Returns the libtorch of this build; empty if none is among the jars. */
  public static Optional<Libtorch> packaged() throws IOException {
    try (InputStream in = Libtorch.class.getResourceAsStream(PROPERTIES)) {
      return in == null ? Optional.empty() : Optional.of(read(in));
    }
  }

  static Libtorch read(InputStream in) throws IOException {
    Properties properties = new Properties();
    properties.load(in);
    return new Libtorch(
        properties.getProperty("version", ""), properties.getProperty("flavor", "cpu"));
  }

  /** Returns whether it is built for CUDA. */
  public boolean isForCuda() {
    return flavor.startsWith("cu");
  }

  /** Returns whether DJL has unpacked it into a cache. */
  public boolean isUnpackedIn(Path cache) throws IOException {
    if (!Files.isDirectory(cache)) {
      return false;
    }
    try (Stream<Path> folders = Files.list(cache)) {
      return folders
          .filter(Files::isDirectory)
          .anyMatch(folder -> folder.getFileName().toString().startsWith(version + "-" + flavor));
    }
  }
}
