// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import io.github.md4.core.diffusion.GaussianObjective;
import io.github.md4.core.diffusion.GaussianProcess;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.ArrayList;
import java.util.List;

/** A tiny network of Gaussian diffusion, and a batch for it. */
final class GaussianToy {
  static final int V = 3;
  static final int WIDTH = 2;
  static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Linear(), 0.02);
  static final GaussianObjective OBJECTIVE =
      new GaussianObjective(new TokenSpace(V), new GaussianProcess(SCHEDULE, WIDTH));
  static final DropoutNoise NOISE = new DropoutNoise(new Noise(3), 0, 0);

  private GaussianToy() {}

  static GaussianTransformerConfig config(double selfConditioning) {
    return config(selfConditioning, 0);
  }

  static GaussianTransformerConfig config(double selfConditioning, double dropout) {
    TransformerConfig of = TransformerConfig.defaults();
    return new GaussianTransformerConfig(
        WIDTH,
        selfConditioning,
        4,
        2,
        2,
        2,
        of.activation(),
        of.conditioning(),
        of.depthScaledInit(),
        dropout,
        0);
  }

  /** Three examples: one about the token at time 0, two about the vectors. */
  static QueryBatch batch() {
    return batch(4);
  }

  /**
   * As {@link #batch()}.
   *
   * @param asked how many positions of each example are asked; the others are shown
   */
  static QueryBatch batch(int asked) {
    int[][] x = {{0, 1, 2, 1}, {2, 2, 0, 1}, {1, 0, 0, 2}};
    double[] v = {0.05, 0.5, 0.8};
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < 3; b++) {
      double[] u = new Noise(9).uniforms(Noise.Purpose.MASK, 0, b, asked);
      queries.add(OBJECTIVE.query(x[b], v[b], u));
    }
    return QueryBatch.of(x, new int[] {-1, -1, -1}, queries);
  }

  static NetworkInput input(QueryBatch batch) {
    return new NetworkInput(batch.zt(), batch.condition(), batch.rows());
  }
}
