// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;

/**
 * Runs of whole documents that share chunks. Documents of one chunk have its time and share its
 * noise, so they are not independent; runs of some chunks nearly are.
 */
final class DocumentRuns {
  /** The length in chunks from which a run ends with its document. */
  private static final int CHUNKS = 4;

  /** The number of runs that shorter runs are taken for. */
  private static final int ENOUGH = 16;

  private DocumentRuns() {}

  /**
   * Returns the number of the run that each document belongs to. A document that begins in a chunk
   * of its own begins a run.
   */
  static int[] of(Examples examples, int documents) {
    long[] first = new long[documents];
    long[] last = new long[documents];
    Arrays.fill(first, -1);
    int[] ofTokens = new int[examples.length()];
    for (long index = 0; index < examples.count(); index++) {
      examples.readDocuments(index, ofTokens);
      for (int n = examples.given(index); n < examples.scored(index); n++) {
        int document = ofTokens[n];
        first[document] = first[document] < 0 ? index : first[document];
        last[document] = index;
      }
    }
    return runs(first, last, Math.max(1, Math.min(CHUNKS, examples.count() / ENOUGH)));
  }

  /**
   * @param first the first chunk of each document, -1 for a document without tokens
   */
  private static int[] runs(long[] first, long[] last, long length) {
    int[] runs = new int[first.length];
    int run = -1;
    long begin = 0;
    long end = -1;
    for (int d = 0; d < runs.length; d++) {
      boolean isJoined = first[d] < 0 || (first[d] == end && end - begin < length);
      if (run < 0 || !isJoined) {
        run++;
        begin = first[d];
      }
      end = first[d] < 0 ? end : last[d];
      runs[d] = run;
    }
    return runs;
  }
}
