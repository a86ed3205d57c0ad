// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The option for the files of a text. */
final class SourceFiles {
  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description = "The text, plain or as .zip, .gz or .xz. Several files are joined in order.")
  private List<Path> files;

  List<Path> files() {
    return files;
  }
}
