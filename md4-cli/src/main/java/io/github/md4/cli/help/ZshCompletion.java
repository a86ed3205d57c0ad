// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The completion of zsh, generated from the commands and their options: a function for each
 * command, and one that goes from the first word to the command that is typed.
 */
record ZshCompletion(String program, CommandLine root) {

  /** Returns the script, which zsh reads by {@code source}. */
  String script() {
    StringJoiner lines = new StringJoiner("\n", "", "\n");
    lines.add(
        """
        #compdef %1$s
        # Completion of %1$s for zsh: source <(%1$s completion zsh)
        (( $+functions[compdef] )) || { autoload -U +X compinit && compinit }
        _%1$s_offer() { # an assignment in two steps: the key, then its values
          local -a whole open
          local word
          for word; do
            [[ $PREFIX != *=* && $word == *=?* ]] && continue
            if [[ $word == *=@ && $PREFIX == ${word%%@}* ]]; then
              compset -P 1 '*='
              _files
              return
            fi
            if [[ $word == *[=:] ]]; then open+=$word; else whole+=$word; fi
          done
          compadd -a whole
          compadd -S '' -a open
        }
        _%1$s() {
          local at=_%1$s_
          while (( CURRENT > 2 && $+functions[$at$words[2]_] )); do
            at=$at$words[2]_
            shift words
            (( CURRENT-- ))
          done
          $at
        }"""
            .formatted(program));
    add(root, "_" + program + "_", lines);
    lines.add("compdef _%1$s %1$s".formatted(program));
    return lines.toString();
  }

  private void add(CommandLine command, String function, StringJoiner lines) {
    CommandSpec spec = command.getCommandSpec();
    List<String> arguments = new ArrayList<>();
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        arguments.addAll(option(option));
      }
    }
    arguments.addAll(positional(spec, function));
    lines.add(function + "() {\n  _arguments -S \\");
    lines.add("    " + String.join(" \\\n    ", arguments));
    lines.add("}");
    if (!command.getSubcommands().isEmpty()) {
      lines.add(function + "commands() {\n  local -a names=(");
      command
          .getSubcommands()
          .forEach((name, sub) -> lines.add("    " + quoted(name + ":" + description(sub))));
      lines.add("  )\n  _describe command names\n}");
      command.getSubcommands().forEach((name, sub) -> add(sub, function + name + "_", lines));
    }
  }

  private static String description(CommandLine command) {
    return CompletionValues.sentence(command.getCommandSpec().usageMessage().description());
  }

  /** Returns what may stand without an option: commands, and the arguments of this one. */
  private List<String> positional(CommandSpec spec, String function) {
    List<String> all = new ArrayList<>();
    boolean isParent = !spec.subcommands().isEmpty();
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      String of = argument.index().max() == argument.index().min() ? "" : "*";
      String place = of.isEmpty() ? Integer.toString(argument.index().min() + 1) : of;
      boolean isFirst = argument.index().min() == 0 && isParent;
      String values = isFirst ? "{ " + function + "commands; _files }" : values(argument);
      all.add(quoted(place + ":" + label(argument) + ":" + values));
    }
    if (isParent && all.isEmpty()) {
      all.add(quoted("1:command:" + function + "commands"));
    }
    return all;
  }

  private List<String> option(OptionSpec option) {
    String described = "[" + escaped(CompletionValues.sentence(option.description())) + "]";
    List<String> all = new ArrayList<>();
    for (String name : option.names()) {
      String repeated = option.isMultiValue() ? "*" : "";
      all.add(quoted(repeated + name + taking(option, name) + described + value(option)));
    }
    return all;
  }

  /** Returns the sign of an option whose value may, or must, stand behind {@code =}. */
  private static String taking(OptionSpec option, String name) {
    if (option.arity().max() == 0 || !name.startsWith("--")) {
      return "";
    }
    return option.arity().min() == 0 ? "=-" : "=";
  }

  private String value(OptionSpec option) {
    if (option.arity().max() == 0) {
      return "";
    }
    return (option.arity().min() == 0 ? "::" : ":") + label(option) + ":" + values(option);
  }

  private static String label(ArgSpec argument) {
    return escaped(argument.paramLabel());
  }

  private String values(ArgSpec argument) {
    List<String> choices = CompletionValues.choices(argument);
    boolean areFiles = CompletionValues.areFiles(argument);
    if (choices.isEmpty()) {
      return areFiles ? "_files" : " ";
    }
    if (!areFiles && choices.stream().noneMatch(CompletionValues::isOpen)) {
      return "(" + String.join(" ", choices) + ")";
    }
    String offer = "_" + program + "_offer " + escaped(String.join(" ", choices));
    return "{ " + offer + (areFiles ? "; _files }" : " }");
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:");
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
