// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.sample.method.PublishedUniforms.uniform;

import java.util.Arrays;
import java.util.List;

/**
 * The uniforms that authors' code takes from one stream, step by step: for each position, or each
 * masked one, whether the step reveals it, and then some for each token that it draws. In the last
 * step all masks are revealed.
 */
final class NoiseInTurn {
  private final double[] shares; // that steps reveal, but for the last
  private final int entries;
  private final long[][][] orders; // places in the stream by row, step and position
  private final long[][][] draws;
  private long taken;

  /**
   * @param initial the sequences of a batch
   * @param shares of the masks, that each step but the last reveals
   * @param entries the number of uniforms of a token
   * @param isAtAll whether positions that are no masks take a uniform, too
   */
  NoiseInTurn(List<int[]> initial, int mask, double[] shares, int entries, boolean isAtAll) {
    int length = initial.get(0).length;
    this.shares = shares;
    this.entries = entries;
    this.orders = new long[initial.size()][shares.length + 1][length];
    this.draws = new long[initial.size()][shares.length + 1][length];
    boolean[][] isMasked = new boolean[initial.size()][length];
    for (int b = 0; b < isMasked.length; b++) {
      for (int n = 0; n < length; n++) {
        isMasked[b][n] = initial.get(b)[n] == mask;
      }
    }
    for (int step = 0; step <= shares.length; step++) {
      order(step, isMasked, isAtAll);
      draw(step, isMasked);
    }
  }

  private void order(int step, boolean[][] isMasked, boolean isAtAll) {
    for (int b = 0; b < isMasked.length; b++) {
      for (int n = 0; n < isMasked[b].length; n++) {
        boolean takes = step < shares.length && (isAtAll || isMasked[b][n]);
        orders[b][step][n] = takes ? taken++ : -1;
      }
    }
  }

  private void draw(int step, boolean[][] isMasked) {
    for (int b = 0; b < isMasked.length; b++) {
      for (int n = 0; n < isMasked[b].length; n++) {
        boolean isRevealed =
            isMasked[b][n] && (step == shares.length || uniform(orders[b][step][n]) < shares[step]);
        draws[b][step][n] = isRevealed ? taken : -1;
        taken += isRevealed ? entries : 0;
        isMasked[b][n] &= !isRevealed;
      }
    }
  }

  /** Returns how many uniforms all steps take. */
  long taken() {
    return taken;
  }

  StepNoise of(int row) {
    return new StepNoise() {
      @Override
      public double[][] draws(int step, int[] positions) {
        double[][] u = new double[Math.max(1, entries)][positions.length];
        for (int y = 0; y < entries; y++) {
          int entry = y;
          Arrays.setAll(u[y], r -> uniform(draws[row][step][positions[r]] + entry));
        }
        return u;
      }

      @Override
      public double[] order(int step, int[] positions) {
        return Arrays.stream(positions).mapToDouble(n -> uniform(orders[row][step][n])).toArray();
      }
    };
  }
}
