// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The files of a text to be prepared. */
public final class SourceFiles {
  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description = "The text, raw or .zip, .gz or .xz; several files are joined in order.")
  private List<Path> files;

  public List<Path> files() {
    return files;
  }
}
