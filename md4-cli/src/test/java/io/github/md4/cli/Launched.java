// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Calls of md4 in several processes of this machine. */
final class Launched {
  private Launched() {}

  /** Runs a command by {@code md4 launch}; in this process where one is asked for. */
  static Ran md4(int processes, Object... words) throws Exception {
    if (processes == 1) {
      return Ran.md4(words);
    }
    List<String> all = new ArrayList<>(List.of("launch", "--processes=" + processes, "--"));
    Stream.of(words).map(Object::toString).forEach(all::add);
    try (ChildJvm launcher = ChildJvm.start(Main.class, Map.of(), all.toArray(String[]::new))) {
      StringBuilder out = new StringBuilder();
      for (String line = launcher.line(); line != null; line = launcher.line()) {
        out.append(line).append('\n');
      }
      int code = launcher.exitCode();
      return new Ran(code, out.toString(), Ran.complaints(launcher.err()), "", "");
    }
  }
}
