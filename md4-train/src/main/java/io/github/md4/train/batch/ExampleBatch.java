// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.batch;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The examples of a micro-batch with the noise of their queries.
 *
 * @param x clean tokens in [0, V), [B][N]
 * @param labels the class of each example [B], or {@link
 *     io.github.md4.core.diffusion.Condition#NO_LABEL} for all of them
 * @param v the uniforms in [0, 1) that choose the times [B]
 * @param u the uniforms in [0, 1) that choose the masked positions [B][N]
 */
public record ExampleBatch(int[][] x, int[] labels, double[] v, double[][] u) {
  /**
   * Checks the numbers of examples. The arrays are not copied.
   *
   * @param x clean tokens in [0, V), [B][N]
   * @param labels the class of each example [B], or {@link
   *     io.github.md4.core.diffusion.Condition#NO_LABEL} for all of them
   * @param v the uniforms in [0, 1) that choose the times [B]
   * @param u the uniforms in [0, 1) that choose the masked positions [B][N]
   * @throws IllegalArgumentException if there is no example, or not one of each for every example
   */
  public ExampleBatch {
    require(x.length >= 1, "a batch must have at least one example", x.length);
    require(labels.length == x.length, "labels must be as many as examples", labels.length);
    require(v.length == x.length, "v must have a number for each example", v.length);
    require(u.length == x.length, "u must have a row for each example", u.length);
  }

  /** {@return B, the number of examples} */
  public int batchSize() {
    return x.length;
  }

  /**
   * {@return the queries about the examples}
   *
   * @param objective the objective, which asks them
   */
  public QueryBatch queries(Objective objective) {
    Query[] queries = new Query[x.length];
    IntStream.range(0, x.length)
        .parallel()
        .forEach(b -> queries[b] = objective.query(x[b], v[b], u[b]));
    return QueryBatch.of(x, labels, Arrays.asList(queries));
  }
}
