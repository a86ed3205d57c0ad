// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.util.List;

/** Names in a sentence: the first few of them. */
final class NamedInNote {
  private static final int MOST = 4;

  private NamedInNote() {}

  static String of(List<String> names) {
    String more = names.size() > MOST ? ", ..." : "";
    return String.join(", ", names.subList(0, Math.min(MOST, names.size()))) + more;
  }
}
