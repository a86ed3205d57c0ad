// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import io.github.md4.cli.failure.ExitCodes;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/** The exit codes that a command can end with, told by its arguments. */
final class ExitCodeList {
  private static final String DATA =
      "data, model or checkpoint is missing, damaged or does not match";

  private static final String CLOSED = "the reader of the output went away, as head does";

  private ExitCodeList() {}

  /** Returns the codes with their meanings; nothing where the command has a list of its own. */
  static Optional<Map<String, String>> of(CommandSpec spec) {
    Map<String, String> inherited = spec.root().usageMessage().exitCodeList();
    if (!spec.usageMessage().exitCodeList().equals(inherited)) {
      return Optional.empty();
    }
    Map<Integer, String> codes = new LinkedHashMap<>();
    codes.put(ExitCodes.DONE, "done");
    codes.put(ExitCodes.FAILURE, "failure, such as a full disk or a file without permission");
    codes.put(ExitCodes.USAGE, "an option or the config is wrong");
    if (all(spec).anyMatch(ExitCodeList::isPath)) {
      codes.put(ExitCodes.DATA, DATA);
    }
    if (spec.findOption("--device") != null) {
      codes.put(ExitCodes.DEVICE, "the device is absent, full or broken");
    }
    codes.put(ExitCodes.INTERRUPTED, "stopped by a signal");
    codes.put(ExitCodes.CLOSED_OUTPUT, CLOSED);
    Map<String, String> list = new LinkedHashMap<>();
    codes.forEach((code, meaning) -> list.put(Integer.toString(code), meaning));
    return Optional.of(list);
  }

  private static Stream<ArgSpec> all(CommandSpec spec) {
    return spec.args().stream();
  }

  private static boolean isPath(ArgSpec argument) {
    return Stream.concat(
            Stream.of(argument.type()), Stream.of(argument.typeInfo().getAuxiliaryTypes()))
        .anyMatch(Path.class::equals);
  }
}
