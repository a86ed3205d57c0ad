// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.doctor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;

/**
 * The state of one part of the machine.
 *
 * @param part its name
 * @param detail what is there
 * @param remedy the line that mends it; empty where nothing is to be mended
 */
record Finding(String part, State state, String detail, String remedy) {

  /** Whether a part works. */
  enum State {
    OK("ok"),
    /** It works, not as well as it could, or something that not all commands need is missing. */
    REMARK("note"),
    BROKEN("broken");

    private final String word;

    State(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }
  }

  static Finding ok(String part, String detail) {
    return new Finding(part, State.OK, detail, "");
  }

  static Finding remark(String part, String detail, String remedy) {
    return new Finding(part, State.REMARK, detail, remedy);
  }

  static Finding broken(String part, String detail, String remedy) {
    return new Finding(part, State.BROKEN, detail, remedy);
  }

  ObjectNode json() {
    ObjectNode json =
        Json.object().put("part", part).put("state", state.word()).put("detail", detail);
    return remedy.isEmpty() ? json : json.put("remedy", remedy);
  }
}
