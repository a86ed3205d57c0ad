// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code md4 merge}. */
@Command(
    name = "merge",
    description =
        "Puts the parts of a command together, and prints and writes what the command does in one"
            + " process. Parts that are missing, doubled or of other settings are refused.",
    footer = {
      "%nIt reads the model and the data that the command names; start it in the folder in which"
          + " the parts were computed.",
      "%nExamples:",
      "  md4 merge part-1.json part-2.json"
    },
    sortOptions = false)
public final class MergeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "PART",
      description = "The files that --part-out has written, all of them, in any order.")
  private List<Path> files;

  @Override
  public Integer call() throws IOException {
    List<String> words = new ArrayList<>(MergedParts.inOrder(files).get(0).about().command());
    files.forEach(file -> words.add(Parts.MERGED + "=" + file));
    CommandLine root = spec.root().commandLine();
    return root.execute(words.toArray(String[]::new));
  }
}
