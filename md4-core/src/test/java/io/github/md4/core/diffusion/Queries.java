// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Queries of an objective about given masks: the noise is chosen such that it masks just those. */
public final class Queries {
  private Queries() {}

  /**
   * Returns the batch of the queries about masked examples.
   *
   * @param v the uniform of each time
   */
  public static QueryBatch of(Objective objective, int[][] x, int[][] zt, double... v) {
    int[] labels = new int[x.length];
    Arrays.fill(labels, Condition.NO_LABEL);
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < x.length; b++) {
      queries.add(objective.query(x[b], v[b], uniforms(objective.space(), zt[b])));
    }
    return QueryBatch.of(x, labels, queries);
  }

  /** Returns 0 where a token stays, and the largest uniform where it is masked. */
  private static double[] uniforms(TokenSpace space, int[] zt) {
    return Arrays.stream(zt)
        .mapToDouble(token -> space.isMask(token) ? Math.nextDown(1.0) : 0)
        .toArray();
  }
}
