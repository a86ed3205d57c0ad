// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.GenMd4Schedule;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class GenMd4ForwardTest {
  private static final int M = 5;
  private static final GenMd4Schedule SCHEDULE =
      new GenMd4Schedule(new double[] {0.5, 1, 2, 3, 0.1}, 1e-4);
  private static final int[] X = {0, 1, 2, 3, 4};

  /** Each token is masked as often as its own schedule says. */
  @Test
  @Tag("statistical")
  void mask_hasEachTokensRate() {
    int draws = 20_000;
    double t = 0.3;
    int[] masked = new int[M];
    for (int i = 0; i < draws; i++) {
      double[] u = new Noise(71).uniforms(Purpose.SOURCE, 0, i, X.length);
      int[] zt = GenMd4Forward.mask(SCHEDULE, X, t, u);
      for (int n = 0; n < X.length; n++) {
        assertThat(zt[n]).isIn(X[n], M);
        masked[n] += zt[n] == M ? 1 : 0;
      }
    }
    for (int n = 0; n < X.length; n++) {
      double p = SCHEDULE.oneMinusAlpha(t, X[n]);
      double deviations = (masked[n] - draws * p) / Math.sqrt(draws * p * (1 - p));
      // The seed is fixed; another would fail once in 10,000 runs or so (4 deviations, 5 tokens).
      assertThat(deviations).as("token %d", n).isBetween(-4.0, 4.0);
    }
  }

  /** What is drafted under one schedule is masked by the one of the moment. */
  @Test
  @Tag("exact")
  void draft_isMaskedByThePowersOfTheMoment() {
    int[][] x = {X, {4, 3, 2, 1, 0}};
    double[] times = {0.4, 0.9};
    double[][] u = new double[2][];
    for (int b = 0; b < 2; b++) {
      u[b] = new Noise(73).uniforms(Purpose.SOURCE, 0, b, X.length);
    }
    AtomicReference<GenMd4Schedule> now = new AtomicReference<>(SCHEDULE);
    Draft draft = GenMd4Forward.draft(x, Condition.at(times), u, now::get);
    for (double power : new double[] {0.01, 0.6, 50}) {
      now.set(new GenMd4Schedule(new double[] {power, power, power, power, power}, 1e-4));
      MaskedBatch batch = draft.masked();
      for (int b = 0; b < 2; b++) {
        assertThat(batch.zt()[b])
            .containsExactly(GenMd4Forward.mask(now.get(), x[b], times[b], u[b]));
        assertThat(batch.time(b)).isEqualTo(times[b]);
      }
      assertThat(batch.x()).isEqualTo(x);
    }
    assertThat(draft.masked().maskedCount()).isLessThan(3);
  }
}
