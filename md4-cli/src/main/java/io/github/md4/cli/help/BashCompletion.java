// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The completion of bash: that of picocli, with the choices as they are typed, which picocli takes
 * from the names of constants, and with values behind {@code =}.
 */
record BashCompletion(String program, CommandLine root) {
  private static final Pattern VALUES = Pattern.compile("(local (\\w+)_option_args=)\\([^)]*\\)");

  /** Bash parts words at {@code =} too; a value then stands two words behind its option. */
  private static final String JOINED =
      """

      function _%1$s_words() {
        local -a words=()
        local at=0 i
        for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
          if [[ ${COMP_WORDS[i]} != "=" ]]; then
            words+=("${COMP_WORDS[i]}")
          elif ((i == COMP_CWORD)); then
            words+=("")
          fi
          ((i == COMP_CWORD)) && at=$((${#words[@]} - 1))
        done
        COMP_WORDS=("${words[@]}")
        COMP_CWORD=$at
        _complete_%1$s
      }
      complete -F _%1$s_words -o default %1$s %1$s.sh %1$s.bash
      """;

  /** Returns the script, which bash reads by {@code source}. */
  String script() {
    Map<String, String> choices = new HashMap<>();
    collect(root, choices);
    String script = AutoComplete.bash(program, root);
    Matcher values = VALUES.matcher(script);
    String typed =
        values.replaceAll(
            found -> {
              String known = choices.get(found.group(2));
              String all = known == null ? found.group() : found.group(1) + "(" + known + ")";
              return Matcher.quoteReplacement(all);
            });
    return typed + JOINED.formatted(program);
  }

  /** Collects the choices of all options by the names that picocli gives them in the script. */
  private static void collect(CommandLine command, Map<String, String> choices) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (!CompletionValues.choices(option).isEmpty()) {
        choices.put(
            option.paramLabel().replaceAll("\\W", ""),
            "\"" + String.join("\" \"", CompletionValues.choices(option)) + "\"");
      }
    }
    command.getSubcommands().values().forEach(each -> collect(each, choices));
  }
}
