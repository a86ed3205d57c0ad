// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The completion of bash, generated from the commands and their options. Bash parts words at {@code
 * =} and {@code :}, which are put together again; of an answer it takes what stands behind them.
 */
record BashCompletion(String program, CommandLine root) {
  private static final String FILES = "@";

  private static final String COMPLETE =
      """
      _%1$s() {
        local IFS=$' \\t\\n' words=() at=0 joins= i word
        for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
          word=${COMP_WORDS[i]}
          if ((i == 0)) || [[ -z $word ]] || [[ -z $joins && ! $word =~ ^[=:]+$ ]]; then
            words+=("$word")
          else
            words[${#words[@]}-1]+=$word
          fi
          joins=
          [[ $word =~ ^[=:]+$ ]] && joins=yes
          ((i == COMP_CWORD)) && at=$((${#words[@]} - 1))
        done
        local typed=${words[at]} piece=${COMP_WORDS[COMP_CWORD]}
        [[ $piece =~ ^[=:]+$ ]] && piece=
        local behind=${typed%%"$piece"} value=$typed option= ahead=
        if [[ $typed == --*=* ]]; then
          option=${typed%%%%=*} value=${typed#*=} ahead=$option=
        elif [[ ${words[at-1]} == -?* && ${words[at-1]} != *=* ]]; then
          option=${words[at-1]}
        fi
        local path=%1$s commands options arguments takes values
        for ((i = 1; i < at; i++)); do
          _%1$s_of "$path" ''
          if [[ " $commands " == *" ${words[i]} "* ]]; then
            path+=" ${words[i]}"
          elif [[ ${words[i]} != -* ]]; then
            break
          fi
        done
        _%1$s_of "$path" "$option"
        local offers="$commands $arguments"
        if [[ $takes == yes || -n $takes && -n $ahead ]]; then
          offers=$values
        elif [[ $typed == -* ]]; then
          offers=$options
        fi
        COMPREPLY=()
        for word in $offers; do
          if [[ $word == @ || $word == *=@ && $value == "${word%%@}"* ]]; then
            compopt -o default # readline's files
          elif [[ $value != *=* && $word == *=?* || $value == *[=:] && $word == "$value" ]]; then
            continue # an assignment in two steps: the key, then its values
          elif [[ $word == "$value"* ]]; then
            word=$ahead$word
            COMPREPLY+=("${word#"$behind"}")
            [[ $word == *[=:] ]] && compopt -o nospace
          fi
        done
      }
      complete -F _%1$s %1$s
      """;

  /** Returns the script, which bash reads by {@code source}. */
  String script() {
    StringJoiner lines = new StringJoiner("\n", "", "\n");
    lines.add("# Completion of %1$s for bash: source <(%1$s completion bash)".formatted(program));
    lines.add("_%s_of() {".formatted(program));
    lines.add("  commands= options= arguments= takes= values=");
    lines.add("  case $1 in");
    add(root, program, lines);
    lines.add("  esac");
    lines.add("}");
    return lines + COMPLETE.formatted(program);
  }

  /** Adds the case of a command, and those of the commands below it. */
  private static void add(CommandLine command, String path, StringJoiner lines) {
    CommandSpec spec = command.getCommandSpec();
    List<OptionSpec> shown = spec.options().stream().filter(each -> !each.hidden()).toList();
    lines.add("    '" + path + "')");
    lines.add("      commands='" + String.join(" ", command.getSubcommands().keySet()) + "'");
    lines.add("      options='" + names(shown.stream(), " ") + "'");
    String arguments =
        spec.positionalParameters().stream()
            .map(BashCompletion::values)
            .distinct()
            .collect(Collectors.joining(" "));
    lines.add("      arguments='" + arguments + "'");
    lines.add("      case $2 in");
    for (OptionSpec option : shown) {
      if (option.arity().max() > 0) {
        String takes = option.arity().min() > 0 ? "yes" : "joined";
        String names = names(Stream.of(option), " | ");
        lines.add("        " + names + ") takes=" + takes + " values='" + values(option) + "' ;;");
      }
    }
    lines.add("      esac");
    lines.add("      ;;");
    command.getSubcommands().forEach((name, sub) -> add(sub, path + " " + name, lines));
  }

  private static String names(Stream<OptionSpec> options, String between) {
    return options.flatMap(each -> Stream.of(each.names())).collect(Collectors.joining(between));
  }

  /** Returns the choices of an argument, and the sign of files where it may name some. */
  private static String values(ArgSpec argument) {
    List<String> values = new ArrayList<>(CompletionValues.choices(argument));
    if (CompletionValues.areFiles(argument)) {
      values.add(FILES);
    }
    return String.join(" ", values);
  }
}
