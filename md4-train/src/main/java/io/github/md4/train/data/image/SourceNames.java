// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.token.Provenance.SourceFile;
import io.github.md4.core.token.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The names and hashes of sources. */
final class SourceNames {
  private SourceNames() {}

  /** Returns the name of a folder, of a file, or of the folder of several. */
  static String name(List<Path> sources) {
    Path first = sources.get(0).toAbsolutePath().normalize();
    Path named = sources.size() > 1 && first.getParent() != null ? first.getParent() : first;
    String name = String.valueOf(named.getFileName());
    int dot = name.indexOf('.');
    return dot > 0 && !Files.isDirectory(named) ? name.substring(0, dot) : name;
  }

  /** Returns all files of images and of labels, in order. A folder counts as one file. */
  static List<SourceFile> files(ImageData.Sources... sources) throws IOException {
    List<SourceFile> files = new ArrayList<>();
    for (ImageData.Sources each : sources) {
      for (Path path : each.images()) {
        files.add(Files.isDirectory(path) ? folder(path) : SourceFile.of(path));
      }
      for (Path path : each.labels()) {
        files.add(SourceFile.of(path));
      }
    }
    return files;
  }

  /**
   * Returns the hash of a folder: that of the lines of a hash, two blanks and a path, sorted by
   * path.
   */
  private static SourceFile folder(Path root) throws IOException {
    StringBuilder lines = new StringBuilder();
    List<Path> files;
    try (Stream<Path> all = Files.walk(root)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      lines.append(Sha256.of(file)).append("  ").append(root.relativize(file)).append('\n');
    }
    byte[] text = lines.toString().getBytes(StandardCharsets.UTF_8);
    return new SourceFile(root.getFileName() + "/", Sha256.of(text));
  }
}
