// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The completion of fish, generated from the commands and their options. */
record FishCompletion(String program, CommandLine root) {
  /** Returns the script, which fish reads by {@code source}. */
  String script() {
    StringJoiner lines = new StringJoiner("\n", "", "\n");
    lines.add(
        """
        # Completion of %1$s for fish: %1$s completion fish | source
        function __%1$s_begins
            set -l words (commandline -opc)
            set -e words[1]
            for word in $argv # by builtins alone: this is asked for every option of every command
                test "$words[1]" = $word; or return 1
                set -e words[1]
            end
        end
        function __%1$s_is
            set -l words (commandline -opc)
            test (count $words) -eq (math 1 + (count $argv)); and __%1$s_begins $argv
        end
        function __%1$s_argument # and no value behind the = of an option
            not string match -q -- '-*=*' (commandline -ct)
        end
        function __%1$s_offer # an assignment in two steps: the key, then its values
            set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
            if string match -q -- '*=*' "$typed"
                set -l key (string replace -r -- '=.*' '=' $typed)
                string match -r -- '^.*=[^@]+$' $argv
                if contains -- "$key@" $argv # any file
                    set -l path (string replace -r -- '^[^=]*=' '' $typed)
                    string replace -r -- '^' "$key" (complete -C "cat $path")
                end
            else
                string match -v -r -- '=.' $argv
            end
        end
        complete -c %1$s -f"""
            .formatted(program));
    add(root, List.of(), lines);
    return lines.toString();
  }

  private void add(CommandLine command, List<String> path, StringJoiner lines) {
    String only = condition("is", path);
    String here = here(command, path);
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (!option.hidden()) {
        lines.add(line(here) + option(option));
      }
    }
    for (PositionalParamSpec parameter : command.getCommandSpec().positionalParameters()) {
      lines.add(line(here + "; and " + condition("argument", List.of())) + values(parameter));
    }
    Map<String, CommandLine> below = command.getSubcommands();
    for (Map.Entry<String, CommandLine> sub : below.entrySet()) {
      String[] description = sub.getValue().getCommandSpec().usageMessage().description();
      lines.add(line(only) + " -a " + sub.getKey() + described(String.join(" ", description)));
      add(sub.getValue(), joined(path, sub.getKey()), lines);
    }
  }

  /** Returns the condition under which the options of a command are offered. */
  private String here(CommandLine command, List<String> path) {
    if (command.getSubcommands().isEmpty()) {
      return condition("begins", path);
    }
    if (command.getCommandSpec().positionalParameters().isEmpty()) {
      return condition("is", path);
    }
    return condition("begins", path)
        + command.getSubcommands().keySet().stream()
            .map(name -> "; and not " + condition("begins", joined(path, name)))
            .collect(Collectors.joining());
  }

  private String condition(String function, List<String> path) {
    return ("__" + program + "_" + function + " " + String.join(" ", path)).strip();
  }

  private static List<String> joined(List<String> path, String name) {
    List<String> all = new ArrayList<>(path);
    all.add(name);
    return all;
  }

  private String line(String condition) {
    return "complete -c " + program + " -n '" + condition + "'";
  }

  private String option(OptionSpec option) {
    StringBuilder text = new StringBuilder();
    for (String name : option.names()) {
      text.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
    }
    if (option.arity().max() > 0) {
      text.append(option.arity().min() > 0 ? " -r" : "").append(values(option));
    }
    return text + described(String.join(" ", option.description()));
  }

  /** Returns the values that an argument takes: its choices, files or nothing that is known. */
  private String values(ArgSpec argument) {
    List<String> choices = CompletionValues.choices(argument);
    String files = CompletionValues.areFiles(argument) ? " -F" : " -f";
    if (choices.isEmpty()) {
      return files;
    }
    String all = String.join(" ", choices);
    boolean areWhole = choices.stream().noneMatch(CompletionValues::isOpen);
    return files + " -a '" + (areWhole ? all : "(__" + program + "_offer " + all + ")") + "'";
  }

  /** Returns the first sentence as fish's description. */
  private static String described(String description) {
    String first = CompletionValues.sentence(description);
    return " -d '" + first.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
