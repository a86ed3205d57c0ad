// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The examples of a micro-batch with the noise of their queries.
 *
 * @param x clean tokens, in [0, V), [B][N]
 * @param labels the class of each, or none for all [B]
 * @param v the uniforms that choose the times [B]
 * @param u the uniforms that choose the masked positions [B, N]
 */
public record ExampleBatch(int[][] x, int[] labels, double[] v, double[][] u) {

  /** Returns B. */
  int batchSize() {
    return x.length;
  }

  /** Returns the queries about the examples. */
  QueryBatch queries(Objective objective) {
    Query[] queries = new Query[x.length];
    IntStream.range(0, x.length)
        .parallel()
        .forEach(b -> queries[b] = objective.query(x[b], v[b], u[b]));
    return QueryBatch.of(x, labels, Arrays.asList(queries));
  }
}
