// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class MaskGitObjectiveTest {
  private static final int M = 7;
  private static final int[][] X = {{0, 6, 3, 3, 1}, {2, 2, 5, 0, 4}, {1, 1, 6, 4, 0}};
  private static final int[][] ZT = {{M, 6, M, 3, M}, {2, 2, 5, 0, 4}, {M, M, M, M, M}};
  private static final MaskingSchedule COSINE = new MaskingSchedule(new Curve.Cosine());
  private static final MaskGitObjective OBJECTIVE =
      new MaskGitObjective(new TokenSpace(M), COSINE, new TimeAxis.Continuous());

  /** The plain loop: each masked position counts once, whatever the time. */
  @Test
  @Tag("naive")
  void value_isTheSumOfTheMaskedCrossEntropies() {
    FixedDenoiser denoiser = FixedDenoiser.random(15, M);
    QueryBatch batch = Queries.of(OBJECTIVE, X, ZT, 0.6, 0.2, 0.9);
    try (NDManager manager = NDManager.newBaseManager()) {
      double[] values = batch.values(batch.losses(manager, denoiser, OBJECTIVE.rowLoss()));
      for (int b = 0; b < X.length; b++) {
        double expected = 0;
        for (int n = 0; n < 5; n++) {
          expected += ZT[b][n] == M ? denoiser.crossEntropy(b * 5 + n, X[b][n]) : 0;
        }
        assertThat(values[b]).isCloseTo(expected, within(2.4e-7 * expected));
      }
    }
  }

  @Test
  @Tag("exact")
  void query_isMd4sButForItsWeight() {
    double[] u = {0.3, 0.9, 0.41, 0.39, 0.05};
    Query ours = OBJECTIVE.query(X[0], 0.6, u);
    Query md4 = new Md4Objective(OBJECTIVE.space(), COSINE, OBJECTIVE.axis()).query(X[0], 0.6, u);
    assertThat(ours.zt()).containsExactly(md4.zt());
    assertThat(ours.positions()).containsExactly(md4.positions());
    assertThat(ours.time()).isEqualTo(md4.time());
    assertThat(ours.weight()).isOne();
    assertThat(md4.weight()).isNotEqualTo(1);
  }

  /** The value is no bound, so held-out data are scored by orders of tokens. */
  @Test
  @Tag("exact")
  void likelihood_isTheAnyOrderBound() {
    assertThat(OBJECTIVE.likelihood()).isEqualTo(new AnyOrderObjective(OBJECTIVE.space(), COSINE));
    assertThat(OBJECTIVE.terms(1.5).total()).isEqualTo(1.5);
    assertThat(ObjectiveKind.parse("maskgit").of(OBJECTIVE.space(), COSINE, OBJECTIVE.axis()))
        .isEqualTo(OBJECTIVE);
  }
}
