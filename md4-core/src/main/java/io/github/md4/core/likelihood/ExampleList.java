// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.internal.text.Counted;
import java.util.List;

/**
 * Sequences in memory.
 *
 * @param rows the sequences, tokens in [0, V), [count][N]
 */
record ExampleList(int[][] rows) implements Examples {

  static ExampleList of(List<int[]> sequences) {
    require(!sequences.isEmpty(), "there must be at least one sequence", 0);
    int length = sequences.get(0).length;
    for (int[] each : sequences) {
      require(
          each.length == length,
          "sequences must have one length, " + Counted.of(length, "token"),
          each.length);
    }
    return new ExampleList(sequences.stream().map(int[]::clone).toArray(int[][]::new));
  }

  @Override
  public long count() {
    return rows.length;
  }

  @Override
  public int length() {
    return rows[0].length;
  }

  @Override
  public void read(long index, int[] into) {
    System.arraycopy(rows[Math.toIntExact(index)], 0, into, 0, length());
  }
}
