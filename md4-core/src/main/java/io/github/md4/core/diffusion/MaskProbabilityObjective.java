// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import java.util.stream.IntStream;

/**
 * The any-order bound, in nats, with a masking probability drawn uniformly, lambda-DCE of RADD (Ou
 * et al., 2024): each token is masked with the probability b,
 *
 * <pre>{@code
 * E_b E_M (1 / b) sum_{i in M} -log mu_i(z_M, t)[x_i],   1 - alpha(t) = b
 * }</pre>
 *
 * <p>The number of masked tokens is binomial given b, and uniform on the whole: the expectation is
 * that of {@link AnyOrderObjective}.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 */
public record MaskProbabilityObjective(TokenSpace space, MaskingSchedule schedule)
    implements ContinuousTimeEstimate {

  @Override
  public Query query(int[] x, double v, double[] u) {
    double b = 1 - v; // in (0, 1]
    int[] positions = IntStream.range(0, u.length).filter(i -> u[i] >= 1 - b).toArray();
    boolean isWithinEnds = b >= schedule.oneMinusAlpha(0) && b <= schedule.oneMinusAlpha(1);
    int[] zt = new ForwardProcess(space, schedule).masked(x, positions);
    return new Query(zt, schedule.timeWhenMasked(b), positions, 1 / b, isWithinEnds);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, 0);
  }

  @Override
  public String toString() {
    return "any-order, by probability";
  }
}
