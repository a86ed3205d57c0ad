// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import java.util.Arrays;

/**
 * The positions of a batch sorted by token, in runs of one token, along which an embedding's
 * gradient is summed. The host sorts them, so that the device need not and the order within a run
 * is fixed.
 *
 * @param zt the token of each position, int32 [N]
 * @param order positions by token, int32 [N]
 * @param starts the start of each run in the order, then N, int32 [runs + 1]
 * @param tokens of the runs, int32 [runs]
 */
record TokenRuns(NDArray zt, NDArray order, NDArray starts, NDArray tokens, int runs) {
  private static final int LONGEST = 32;

  /** Returns the most bytes that {@link #of} uploads. */
  static long bytes(int positions) {
    return 16L * Integer.BYTES + 4L * Integer.BYTES * positions;
  }

  /** The runs on the host. */
  record OnHost(int[] zt, int[] order, int[] starts, int[] tokens) {

    /**
     * @param vocabulary number of tokens, the mask included
     */
    static OnHost of(int[] zt, int vocabulary) {
      int[] ends = new int[vocabulary];
      for (int token : zt) {
        ends[token]++;
      }
      for (int v = 1; v < vocabulary; v++) {
        ends[v] += ends[v - 1];
      }
      int[] starts = new int[zt.length + 1];
      int[] tokens = new int[zt.length];
      int runs = TokenRuns.runs(ends, starts, tokens);
      return new OnHost(
          zt,
          TokenRuns.order(zt, ends),
          Arrays.copyOf(starts, runs + 1),
          Arrays.copyOf(tokens, runs));
    }
  }

  static TokenRuns of(NDManager scope, Upload upload, OnHost host) {
    Shape positions = new Shape(host.zt.length);
    int runs = host.tokens.length;
    return new TokenRuns(
        upload.ints(scope, host.zt, positions),
        upload.ints(scope, host.order, positions),
        upload.ints(scope, host.starts, new Shape(runs + 1)),
        upload.ints(scope, host.tokens, new Shape(runs)),
        runs);
  }

  /** Splits each token's positions into runs; returns the number of runs. */
  private static int runs(int[] ends, int[] starts, int[] tokens) {
    int runs = 0;
    int at = 0;
    for (int v = 0; v < ends.length; v++) {
      for (; at < ends[v]; at = Math.min(at + LONGEST, ends[v])) {
        starts[runs] = at;
        tokens[runs++] = v;
      }
    }
    starts[runs] = at;
    return runs;
  }

  private static int[] order(int[] zt, int[] ends) {
    int[] next = ends.clone();
    int[] order = new int[zt.length];
    for (int n = zt.length - 1; n >= 0; n--) {
      order[--next[zt[n]]] = n;
    }
    return order;
  }
}
