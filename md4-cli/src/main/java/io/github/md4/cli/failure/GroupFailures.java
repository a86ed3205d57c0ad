// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import io.github.md4.core.Choices;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Messages of picocli about arguments of which one is wanted, without its grammar of groups. */
final class GroupFailures {
  /** The beginning of the message where two groups are given, of which one may be. */
  private static final String SEVERAL = "Error: expected only one match but got ";

  /** An argument in that message. */
  private static final Pattern GIVEN = Pattern.compile("=\\{(?:params\\[\\d+]=)?([^}]*)}");

  private static final Pattern NONE =
      Pattern.compile("(?:Error: )?(Missing required argument).*?: (\\(.*\\))");

  private static final Pattern TWO =
      Pattern.compile("(?:Error: )?(.*) are mutually exclusive \\(specify only one\\)");

  /** An option that may be left out, in the grammar of a group. */
  private static final Pattern OPTIONAL = Pattern.compile(" ?\\[-[^\\[\\]]*](?:\\.\\.\\.)?");

  private GroupFailures() {}

  /** Returns the message in words, or as it is where it is about something else. */
  static String inWords(String message) {
    if (message.startsWith(SEVERAL)) {
      return GIVEN
          .matcher(message)
          .results()
          .map(found -> found.group(1))
          .collect(Collectors.joining(" and ", "", " are mutually exclusive"));
    }
    Matcher none = NONE.matcher(message);
    if (none.matches()) {
      return none.group(1) + ": " + alternatives(none.group(2));
    }
    Matcher two = TWO.matcher(message);
    return two.matches() ? exclusive(two.group(1)) : message;
  }

  private static String exclusive(String arguments) {
    return Arrays.stream(arguments.split(" and |, ", -1))
        .map(GroupFailures::alternatives)
        .collect(Collectors.joining(" and ", "", " are mutually exclusive"));
  }

  /** Returns the arguments of a group, of which one is wanted, such as "RUN or --model=DIR". */
  private static String alternatives(String group) {
    String wanted = OPTIONAL.matcher(group).replaceAll("");
    List<String> all =
        Arrays.stream(wanted.split(" \\| ", -1)).map(GroupFailures::withoutGroup).toList();
    return Choices.alternatives(all);
  }

  /** Returns an argument without the brackets of the groups that begin or end beside it. */
  private static String withoutGroup(String argument) {
    String inner = argument.trim().replaceFirst("^[\\[( ]+", "");
    while (inner.matches(".*[])]") && closing(inner) > opening(inner)) {
      inner = inner.substring(0, inner.length() - 1);
    }
    return inner;
  }

  private static long opening(String text) {
    return text.chars().filter(c -> c == '(' || c == '[').count();
  }

  private static long closing(String text) {
    return text.chars().filter(c -> c == ')' || c == ']').count();
  }
}
