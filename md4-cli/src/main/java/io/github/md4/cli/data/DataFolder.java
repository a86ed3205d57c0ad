// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import io.github.md4.cli.report.TypedName;
import io.github.md4.cli.screen.Visible;
import io.github.md4.train.data.Existing;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options for the folder of prepared data and the form of the report. */
final class DataFolder {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "The folder for train.bin, valid.bin and test.bin. It is created if it does not"
              + " exist.")
  private Path folder;

  @Option(
      names = "--replace",
      description = "Replace the data set in that folder, if md4 has made it.")
  private boolean replace;

  @Option(names = "--json", description = "Print one JSON object, not a table.")
  private boolean json;

  Path folder() {
    return folder;
  }

  Existing existing() {
    return replace ? Existing.REPLACE : Existing.REFUSE;
  }

  boolean isJson() {
    return json;
  }

  /** Tells how the data become a config; not where a script reads. */
  void printNext(CommandSpec spec) {
    Path name = folder.toAbsolutePath().normalize().getFileName();
    if (!json && name != null && Files.exists(folder.resolve("train.bin"))) {
      PrintWriter err = spec.commandLine().getErr();
      TypedName.next("config", "init", folder, "--out", name + ".yaml").ifPresent(err::println);
    }
  }

  /** Tells of a file that is read twice. */
  void warnOfRepeats(CommandSpec spec, List<Path> files) {
    Set<Path> seen = new HashSet<>();
    files.stream()
        .filter(file -> !seen.add(file.toAbsolutePath().normalize()))
        .distinct()
        .map(file -> file + " is read twice: what it holds may be both trained on and scored")
        .forEach(line -> warn(spec, line));
  }

  void warn(CommandSpec spec, String line) {
    spec.commandLine().getErr().println("md4: " + Visible.of(line));
  }
}
