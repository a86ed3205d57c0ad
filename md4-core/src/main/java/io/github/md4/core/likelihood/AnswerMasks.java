// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A law of the masks of an answer, several draws a round, with the factor that makes the mean of
 * their losses the bound. The rounds are independent; the draws of one are spread evenly.
 */
public enum AnswerMasks {
  /**
   * The number of masks k uniform in 1 to n, which of the n tokens uniform, the factor n/k (LLaDA,
   * Appendix B.5). The counts of a round of b draws are {@code (k - 1 + floor(r n / b)) mod n + 1},
   * r from 0 to b - 1, so that each is uniform whatever n and b are.
   */
  COUNTS {
    @Override
    List<Draw> round(Noise noise, long answer, int round, int draws, int tokens) {
      double u = noise.uniform(Purpose.EVALUATION_TIME, round, answer, 0);
      int first = (int) (u * tokens);
      return IntStream.range(0, draws)
          .mapToObj(
              r -> {
                int shift = (int) ((long) r * tokens / draws);
                int count = (first + shift) % tokens + 1;
                double[] keys = keys(noise, answer, round, draws, r, tokens);
                return new Draw(smallest(keys, count), (double) tokens / count);
              })
          .toList();
    }
  },

  /**
   * Each token masked with the probability p = 0.001 + 0.999 t, t uniform in [0, 1), the factor 1/p
   * (Dream's evaluation). The times of a round of b draws are {@code (u + r / b) mod 1}, r from 0
   * to b - 1.
   */
  TIMES {
    @Override
    List<Draw> round(Noise noise, long answer, int round, int draws, int tokens) {
      double u = noise.uniform(Purpose.EVALUATION_TIME, round, answer, 0);
      return IntStream.range(0, draws)
          .mapToObj(
              r -> {
                double t = (u + (double) r / draws) % 1;
                double p = LEAST + (1 - LEAST) * t;
                double[] keys = keys(noise, answer, round, draws, r, tokens);
                int[] masked = IntStream.range(0, tokens).filter(i -> keys[i] < p).toArray();
                return new Draw(masked, 1 / p);
              })
          .toList();
    }
  };

  private static final double LEAST = 1e-3;

  /**
   * The masks of one draw.
   *
   * @param positions which tokens of the answer are masked, from 0, ascending; there may be none
   * @param weight the factor of the sum of their losses, above 0
   */
  public record Draw(int[] positions, double weight) {}

  /**
   * {@return the draws of a round}
   *
   * @param noise the uniforms, a function of (seed, round, answer)
   * @param answer the answer's number, at least 0, below 2^32
   * @param round the round's number, at least 0
   * @param draws b, the draws of a round, at least 1; {@code (round + 1) * draws} below 2^31
   * @param tokens n, the tokens of the answer, at least 1
   * @throws IllegalArgumentException if a number is out of its range
   */
  public List<Draw> draws(Noise noise, long answer, int round, int draws, int tokens) {
    require(round >= 0, "round must be at least 0", round);
    require(draws >= 1, "draws must be at least 1", draws);
    require(tokens >= 1, "tokens must be at least 1", tokens);
    require((round + 1L) * draws <= Integer.MAX_VALUE, "there are too many draws", round);
    return round(noise, answer, round, draws, tokens);
  }

  abstract List<Draw> round(Noise noise, long answer, int round, int draws, int tokens);

  /** Returns a uniform for each token, of a draw of its own. */
  private static double[] keys(
      Noise noise, long answer, int round, int draws, int draw, int tokens) {
    return noise.uniforms(Purpose.EVALUATION_MASK, (long) round * draws + draw, answer, tokens);
  }

  /** Returns the places of the smallest keys, ascending: a uniform subset. */
  private static int[] smallest(double[] keys, int count) {
    return IntStream.range(0, keys.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> keys[i]))
        .limit(count)
        .mapToInt(Integer::intValue)
        .sorted()
        .toArray();
  }
}
