// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.BoundaryTerms;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.stream.IntStream;

/**
 * The bound of continuous time with masks as tauLDR estimates it (Campbell et al., 2022): by a jump
 * of the noise. For {@code z_t}, one unmasked position d is masked too, and the network is asked
 * there alone; with {@code beta = -alpha' / alpha},
 *
 * <pre>{@code
 * beta(t) #{n : zt_n unmasked} * -log mu_d(zt and d masked, t)[x_d]
 * }</pre>
 *
 * <p>What the bound has besides, the rates of leaving a mask, does not depend on a network whose
 * guesses add up to 1, and is left out with the constant that it cancels with in expectation. The
 * expectation is MD4's; the estimate is doubly stochastic, of a time and a position, and has one
 * position's cross-entropy where MD4's has all masked ones. In nats.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 */
public record AbsorbingCtmcObjective(TokenSpace space, MaskingSchedule schedule)
    implements ContinuousTimeEstimate {

  /** Takes the unmasked position of the least uniform: which it is, is independent of the masks. */
  @Override
  public Query query(int[] x, double v, double[] u) {
    double alpha = schedule.alpha(v);
    int[] masked = IntStream.range(0, u.length).filter(n -> !(u[n] < alpha)).toArray();
    int unmasked = u.length - masked.length;
    ForwardProcess forward = new ForwardProcess(space, schedule);
    if (unmasked == 0) {
      return new Query(forward.masked(x, masked), v, new int[0], 0);
    }
    int jump = 0;
    for (int n = 1; n < u.length; n++) {
      jump = u[n] < u[jump] ? n : jump;
    }
    int[] zt = forward.masked(x, masked);
    zt[jump] = space.maskToken();
    double beta = -schedule.alphaPrime(v) / alpha;
    return new Query(zt, v, new int[] {jump}, beta * unmasked);
  }

  @Override
  public BoundTerms terms(double perToken) {
    double reconstruction = BoundaryTerms.reconstruction(schedule, space.vocabularySize());
    return new BoundTerms(perToken, reconstruction, 0);
  }

  @Override
  public String toString() {
    return "jumps to masks";
  }

  /** The kind {@code ctmc-absorbing}. */
  public record Kind() implements ContinuousTimeKind {
    private static final String NAME = "ctmc-absorbing";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule) {
      return new AbsorbingCtmcObjective(space, schedule);
    }

    @Override
    public String toString() {
      return NAME;
    }
  }
}
