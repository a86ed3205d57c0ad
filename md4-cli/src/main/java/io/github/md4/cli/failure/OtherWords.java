// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The words by which other programs call the commands and options of this one. */
public final class OtherWords {
  private static final Map<String, String> COMMANDS =
      Map.of(
          "score", "evaluate",
          "test", "evaluate",
          "eval", "evaluate",
          "generate", "sample",
          "fill", "infill",
          "fit", "train",
          "convert", "import");

  /** The most commands that a hint names. */
  private static final int MOST_HOLDERS = 2;

  private static final Set<String> OUTPUT = Set.of("--out", "--output", "--save", "-o");
  private static final Set<String> INPUT =
      Set.of("--in", "--input", "--file", "--source", "--path", "--data", "-i", "-f");

  /** The first that fits counts. */
  private static final List<Option> OPTIONS =
      List.of(
          new Option("schedule", OUTPUT, "--plot"),
          new Option("trace", OUTPUT, "--html"),
          new Option("", OUTPUT, "--out"),
          new Option("", OUTPUT, "--to"),
          new Option("", OUTPUT, "--json > FILE"),
          new Option("export", Set.of("--from", "--in", "--input"), "--model"),
          new Option("import", Set.of("--model"), "--from"),
          new Option("", INPUT, "--from"),
          new Option("", INPUT, "--data"),
          new Option("infill", Set.of("--prompt", "--text", "-p"), "--template"),
          new Option("train", Set.of("--steps", "--iterations"), "--set training.steps=N"),
          new Option("train", Set.of("--batch-size", "--batch"), "--set training.batchSize=N"),
          new Option(
              "train", Set.of("--lr", "--learning-rate"), "--set training.learningRate.base=X"),
          new Option("train", Set.of("--seed"), "--set training.seed=N"),
          new Option("train", Set.of("--out", "--output", "--output-dir", "-o"), "--set run=DIR"),
          new Option("", Set.of("--class", "--classes", "--label"), "--labels"),
          new Option("", Set.of("--num-samples", "--samples", "--n", "-n"), "--count"),
          new Option("", Set.of("--num-steps", "--timesteps", "--nfe"), "--steps"),
          new Option("", Set.of("--checkpoint", "--ckpt", "--run", "-m"), "--model"),
          new Option("", Set.of("--batch", "--bs", "-b"), "--batch-size"),
          new Option("", Set.of("--cfg", "--guidance-scale"), "--guidance"),
          new Option("", Set.of("--cuda", "--gpu", "--cpu"), "--device"),
          new Option("", Set.of("--tokenizer"), "--vocabulary"),
          new Option("", Set.of("--overwrite", "--force"), "--replace"));

  private OtherWords() {}

  /**
   * An option by its name elsewhere.
   *
   * @param command the command that it is of, without md4; "" for any that has the option
   * @param others the names elsewhere
   * @param meant the option, as it is to be typed
   */
  public record Option(String command, Set<String> others, String meant) {
    /** Returns the name of the option, without what is typed behind it. */
    public String name() {
      return meant.split(" ", 2)[0];
    }

    /** Returns whether the option is one of this command, if the command has it. */
    public boolean isOf(CommandSpec spec) {
      return command.isEmpty() || spec.qualifiedName().endsWith(spec.root().name() + " " + command);
    }
  }

  /** Returns all options by their names elsewhere. */
  public static List<Option> options() {
    return OPTIONS;
  }

  /**
   * Returns what is to be typed in place of a word where a command was expected, if it is known: a
   * command that others call so, a command of a command, or an option of that name. Where no
   * command was expected, that is the option to which the word belongs.
   */
  static Optional<String> command(String word, CommandSpec spec) {
    if (spec.subcommands().isEmpty()) {
      return Stream.of("--template", "--from")
          .filter(spec.optionsMap()::containsKey)
          .filter(option -> option.equals("--from") || word.contains("["))
          .findFirst();
    }
    return Optional.ofNullable(COMMANDS.get(word))
        .filter(spec.subcommands()::containsKey)
        .or(() -> nested(word, spec))
        .or(() -> Optional.of("--" + word).filter(spec.optionsMap()::containsKey));
  }

  private static Optional<String> nested(String word, CommandSpec spec) {
    return spec.subcommands().entrySet().stream()
        .filter(each -> each.getValue().getSubcommands().containsKey(word))
        .map(each -> each.getKey() + " " + word)
        .findFirst();
  }

  /**
   * Returns the end of a message, which names the commands that have an option; empty where none
   * has, or so many that it says little.
   */
  static String holders(String option, CommandSpec spec) {
    List<String> all = new ArrayList<>();
    collect(option, spec.root(), all);
    if (all.isEmpty() || all.size() > MOST_HOLDERS) {
      return "";
    }
    return "; %s %s it".formatted(String.join(" and ", all), all.size() == 1 ? "has" : "have");
  }

  private static void collect(String option, CommandSpec spec, List<String> found) {
    OptionSpec own = spec.optionsMap().get(option);
    if (own != null && !own.hidden()) {
      found.add(spec.qualifiedName());
    }
    spec.subcommands().values().stream()
        .map(CommandLine::getCommandSpec)
        .filter(each -> !each.usageMessage().hidden())
        .forEach(each -> collect(option, each, found));
  }

  /** Returns what is to be typed for an option that others call so, if the command has it. */
  static Optional<String> option(String word, CommandSpec spec) {
    List<String> names =
        spec.options().stream()
            .filter(option -> !option.hidden())
            .map(OptionSpec::names)
            .flatMap(Stream::of)
            .toList();
    return OPTIONS.stream()
        .filter(option -> option.others().contains(word) && option.isOf(spec))
        .filter(option -> names.contains(option.name()))
        .map(Option::meant)
        .findFirst();
  }
}
