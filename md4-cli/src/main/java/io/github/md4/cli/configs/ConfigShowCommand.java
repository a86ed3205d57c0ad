// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.configs;

import io.github.md4.cli.config.ConfigWriter;
import io.github.md4.cli.config.KeyReference;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.experiment.ExperimentOptions;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.report.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 config show}. */
@Command(
    name = "show",
    description = "Prints a config with all its defaults, or explains a key.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 config show my.yaml",
      "  md4 config show --explain training.learningRate"
    })
final class ConfigShowCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Shown shown;

  /** A config or a key. */
  private static final class Shown {
    @ArgGroup(exclusive = false)
    private ExperimentOptions experiment;

    @Option(
        names = "--explain",
        paramLabel = "KEY",
        completionCandidates = Keys.class,
        description =
            "Print the type, default, range and meaning of a key, such as training.steps or"
                + " steps, and of all keys below it.")
    private String key;
  }

  /** The keys, in the form in which a config names them. */
  private static final class Keys implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return KeyReference.of(Experiment.class).stream()
          .map(KeyReference.Key::plainPath)
          .distinct()
          .iterator();
    }
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (shown.key == null) {
      out.print(ConfigWriter.write(shown.experiment.load()));
      return ExitCodes.DONE;
    }
    List<KeyReference.Key> all = KeyReference.of(Experiment.class);
    List<KeyReference.Key> found = all.stream().filter(this::isMeant).toList();
    Usage.require(
        spec,
        !found.isEmpty(),
        "Invalid value for option '--explain': no key of this name: "
            + shown.key
            + KeyReference.hint(all, shown.key));
    for (KeyReference.Key key : found) {
      out.println(key.path());
      Table table = new Table();
      table.row("  type", "%s", key.type());
      table.row("  default", "%s", key.standard());
      if (!key.range().isEmpty()) {
        table.row("  range", "%s", key.range());
      }
      table.row("  meaning", "%s", key.meaning());
      table.print(out);
    }
    return ExitCodes.DONE;
  }

  /** Returns whether a key, the kinds of choices aside, is the one asked for, or is below it. */
  private boolean isMeant(KeyReference.Key key) {
    String plain = key.plainPath();
    return plain.equals(shown.key)
        || key.path().equals(shown.key)
        || plain.endsWith("." + shown.key)
        || plain.startsWith(shown.key + ".");
  }
}
