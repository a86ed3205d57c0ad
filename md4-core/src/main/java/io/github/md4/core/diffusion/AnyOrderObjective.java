// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The bound, in nats, of a model that guesses tokens one by one in any order (Hoogeboom et al.,
 * 2022; spec, Section 2.7): a number k drawn uniformly from 1 to n, and k of the n tokens masked,
 *
 * <pre>{@code
 * E_k E_M (n / k) sum_{i in M} -log mu_i(z_M, t)[x_i],   |M| = k
 * }</pre>
 *
 * <p>A network with a time is told the t at which {@code 1 - alpha(t) = b}, b drawn from {@code
 * Beta(k, n - k + 1)}: that is the law of the masked share given that k of n are masked, and makes
 * this the bound of continuous time without its ends. The k-th smallest of n uniforms has that law,
 * and is independent of which k are the smallest: so the same uniforms choose both.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 */
public record AnyOrderObjective(TokenSpace space, MaskingSchedule schedule)
    implements ContinuousTimeEstimate {

  @Override
  public Query query(int[] x, double v, double[] u) {
    int n = u.length;
    int k = 1 + (int) (v * n);
    double[] sorted = u.clone();
    Arrays.sort(sorted);
    double least = sorted[n - k];
    int[] positions = IntStream.range(0, n).filter(i -> u[i] >= least).toArray();
    double b = 1 - least;
    double t = schedule.timeWhenMasked(b);
    boolean isWithinEnds = b >= schedule.oneMinusAlpha(0) && b <= schedule.oneMinusAlpha(1);
    int[] zt = new ForwardProcess(space, schedule).masked(x, positions);
    return new Query(zt, t, positions, (double) n / k, isWithinEnds);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, 0);
  }

  @Override
  public String toString() {
    return "any-order";
  }

  /**
   * The kind {@code any-order}: trained as OA-ARDM (Hoogeboom et al., 2022) and RADD's k-DCE are,
   * the number of masked tokens uniform. {@code any-order(probability)} is {@link
   * MaskProbabilityObjective}.
   */
  public record Kind() implements ContinuousTimeKind {
    static final String NAME = "any-order";
    private static final String PROBABILITY = "probability";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule) {
      return new AnyOrderObjective(space, schedule);
    }

    @Override
    public ObjectiveKind with(List<String> arguments) {
      if (!arguments.equals(List.of(PROBABILITY))) {
        throw new IllegalArgumentException(
            "objective must be %s or %s(%s): %s"
                .formatted(NAME, NAME, PROBABILITY, String.join(", ", arguments)));
      }
      return new ByProbability();
    }

    @Override
    public String toString() {
      return NAME;
    }
  }

  /** The kind {@code any-order(probability)}. */
  record ByProbability() implements ContinuousTimeKind {
    @Override
    public String name() {
      return Kind.NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule) {
      return new MaskProbabilityObjective(space, schedule);
    }

    @Override
    public String toString() {
      return "%s(%s)".formatted(Kind.NAME, Kind.PROBABILITY);
    }
  }
}
