// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.loss.GaussianLoss;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Gaussian diffusion of embedded tokens in continuous time, as Plaid has it (Gulrajani and
 * Hashimoto, 2023; Kingma et al., 2021): with the guess {@code g(z_t) = sum_v mu_v e(v)},
 *
 * <pre>{@code
 * E_t[-SNR'(t) / 2 sum_n |e(x_n) - g_n(z_t)|^2]  +  E[-log mu(z_0)[x]]  +  prior
 * }</pre>
 *
 * <p>A share of the queries is about the token at time 0, the others about a time drawn uniformly;
 * each has the weight that makes the sum unbiased.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param process the law of noisy vectors: their width and the noise of each time
 */
public record GaussianObjective(TokenSpace space, GaussianProcess process) implements Objective {
  /** The share of the queries that are about the token at time 0. */
  static final double AT_START = 1.0 / 8;

  /** How far from the start of the noise the token is asked for while the start is learned. */
  static final double START_STEP = 0.25;

  @Override
  public Query query(int[] x, double v, double[] u) {
    double[] whole = Arrays.copyOf(u, x.length); // positions that are never asked have noise too
    double[] normals = process.normals(whole);
    return v < AT_START
        ? atStart(x, u.length, process.noisy(0, normals))
        : later(x, u.length, v, normals);
  }

  /**
   * {@return the query about an example while the ends of the noise are learned: near time 0 the
   * token is asked for a little above the start of the noise or a little below, and the difference
   * of the two is a derivative}
   *
   * @param x clean tokens, in [0, V), [N]
   * @param v the uniform in [0, 1) that chooses the time
   * @param normals independent standard normals, row-major [N D]
   */
  public Query queryAround(int[] x, double v, double[] normals) {
    if (v >= AT_START) {
      return later(x, x.length, v, normals);
    }
    double step = v < AT_START / 2 ? -START_STEP : START_STEP;
    return atStart(x, x.length, process.noisyAt(process.schedule().logSnr(0) + step, normals));
  }

  private Query later(int[] x, int asked, double v, double[] normals) {
    double t = Math.min(1, (v - AT_START) / (1 - AT_START));
    double weight = process.lossWeight(t) / (1 - AT_START);
    return query(x, t, weight, facts(asked, 0), process.noisy(t, normals));
  }

  private static Query atStart(int[] x, int asked, NoisyVectors shown) {
    return query(x, 0, 1 / AT_START, facts(asked, 1), shown);
  }

  private static float[][] facts(int asked, float isAtStart) {
    float[][] facts = new float[1][asked];
    Arrays.fill(facts[0], isAtStart);
    return facts;
  }

  private static Query query(
      int[] x, double t, double weight, float[][] facts, NoisyVectors shown) {
    int[] all = IntStream.range(0, facts[0].length).toArray();
    return new Query(x.clone(), t, all, weight, true, facts, shown);
  }

  @Override
  public RowLoss rowLoss() {
    return new GaussianLoss(space.vocabularySize());
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, process.prior());
  }

  @Override
  public String toString() {
    return "Gaussian diffusion of " + Counted.of(process.width(), "coordinate") + " a token";
  }

  /**
   * The kind {@code gaussian} or {@code gaussian(WIDTH)}.
   *
   * @param width D, the coordinates of an embedding
   */
  public record Kind(int width) implements ContinuousTimeKind {
    private static final String NAME = "gaussian";
    private static final int DEFAULT_WIDTH = 16;

    /**
     * Checks the width.
     *
     * @param width D, the coordinates of an embedding
     * @throws IllegalArgumentException if {@code width} is below 1
     */
    public Kind {
      if (width < 1) {
        throw new IllegalArgumentException("the width of vectors must be at least 1: " + width);
      }
    }

    /** Plaid's 16 coordinates. */
    public Kind() {
      this(DEFAULT_WIDTH);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule) {
      return new GaussianObjective(space, new GaussianProcess(schedule, width));
    }

    @Override
    public boolean learnsNoise() {
      return true;
    }

    @Override
    public int vectorWidth() {
      return width;
    }

    @Override
    public Optional<Objective> anyOrder(TokenSpace space, MaskingSchedule schedule) {
      return Optional.empty();
    }

    @Override
    public Generation generation() {
      return new Generation.GaussianNoise(width);
    }

    @Override
    public ObjectiveKind with(List<String> arguments) {
      if (arguments.size() == 1 && arguments.get(0).matches("[0-9]{1,6}")) {
        return new Kind(Integer.parseInt(arguments.get(0)));
      }
      throw new IllegalArgumentException(
          "objective must be written %s or %s(WIDTH): %s"
              .formatted(NAME, NAME, String.join(", ", arguments)));
    }

    @Override
    public String toString() {
      return width == DEFAULT_WIDTH ? NAME : NAME + "(" + width + ")";
    }
  }
}
