// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SampleRequest;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/**
 * The number of the calls of a {@link SampleRun}, by the same rules and without its draws: of each
 * sequence only the numbers of positions of its queries are known.
 */
public final class CallCount {
  private final int rowLimit;
  private final List<IntBuffer> active = new ArrayList<>();

  private CallCount(int rowLimit) {
    this.rowLimit = rowLimit;
  }

  /**
   * Returns the number of calls of a request.
   *
   * @param rows the numbers of positions of a sequence's queries
   * @param rowLimit the most positions of a call, but for a single sequence
   */
  public static int of(SampleRequest request, Function<InitialSequence, int[]> rows, int rowLimit) {
    return new CallCount(rowLimit).count(request, rows);
  }

  private int count(SampleRequest request, Function<InitialSequence, int[]> rows) {
    Iterator<InitialSequence> waiting = request.sequences().iterator();
    int calls = 0;
    do {
      while (active.size() < request.batchSize() && waiting.hasNext()) {
        IntBuffer next = IntBuffer.wrap(rows.apply(waiting.next()));
        if (next.hasRemaining()) {
          active.add(next);
        }
      }
      calls += callsOfARound();
      active.removeIf(sequence -> !sequence.hasRemaining());
    } while (!active.isEmpty() || waiting.hasNext());
    return calls;
  }

  /** Takes the next query of each sequence. */
  private int callsOfARound() {
    int calls = 0;
    int rows = rowLimit;
    for (IntBuffer sequence : active) {
      int own = sequence.get();
      if (rows + own > rowLimit) {
        calls++;
        rows = 0;
      }
      rows += own;
    }
    return calls;
  }
}
