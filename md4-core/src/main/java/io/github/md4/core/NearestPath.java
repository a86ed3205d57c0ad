// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The file or folder that a mistyped path most likely stands for. */
public final class NearestPath {
  private NearestPath() {}

  /**
   * {@return the end of a message, {@code "; did you mean PATH?"}; empty where no path is near}
   *
   * @param missing a path at which there is nothing
   */
  public static String hint(Path missing) {
    return of(missing).map(path -> "; did you mean " + path + "?").orElse("");
  }

  /**
   * {@return the nearest path at which there is something; nothing where all are too far} Each name
   * of the path may be mistyped.
   *
   * @param missing a path at which there is nothing
   */
  public static Optional<Path> of(Path missing) {
    if (Files.exists(missing)) {
      return Optional.of(missing);
    }
    Path name = missing.getFileName();
    Path parent = missing.getParent();
    Optional<Path> folder = parent == null ? Optional.of(Path.of("")) : of(parent);
    return folder
        .flatMap(place -> NearestName.of(names(place), String.valueOf(name)).map(place::resolve))
        .filter(near -> !near.equals(missing)); // a link to nothing
  }

  /** Returns the names in a folder; none where they cannot be known. */
  private static List<String> names(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      return List.of(); // a hint is no reason to fail otherwise
    }
  }
}
