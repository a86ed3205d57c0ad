// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.loss.UniformJumpLoss;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The bound of continuous time with uniform noise as tauLDR estimates it (Campbell et al., 2022):
 * by a jump of the noise. {@code z} is drawn from {@code q(z_t | x)}, one of its n positions, d,
 * jumps to another token, which gives {@code z'}, and the bound is the expectation of
 *
 * <pre>{@code
 * beta(t) (sum_n sum_{j != z_n} rho_nj(z) / V  -  n (V - 1) / V log rho_d(z')[z_d]  +  constant)
 * }</pre>
 *
 * <p>with the rates of {@link UniformJumpLoss}. The two terms are of two sequences. So that one
 * call of the network is enough and the estimate unbiased, z or z' is shown, each half of the time,
 * with twice the second term where it is z'; and the first is taken of either with the weight
 * {@code 2 q / (q + P)}, P being the law of z' given x, which is never above 2. (tauLDR's code
 * takes both terms of z', without a weight.) The constant is that of the bound, so that the whole
 * is one, in nats.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 */
public record UniformCtmcObjective(TokenSpace space, MaskingSchedule schedule)
    implements Objective {

  @Override
  public Query query(int[] x, double v, double[] u) {
    UniformProcess process = new UniformProcess(space, schedule);
    UniformProcess.Drawn drawn = process.draw(x, v, u);
    int[] zt = drawn.zt().clone();
    int place = least(drawn.rest());
    int from = zt[place];
    // The least of n uniforms is a uniform too, and independent of which it is.
    double choice = 2 * -Math.expm1(u.length * Math.log1p(-drawn.rest()[place]));
    boolean isJump = choice >= 1;
    if (isJump) {
      zt[place] = other(from, choice - 1);
    }
    double alpha = schedule.alpha(v);
    int size = space.vocabularySize();
    float[][] facts = new float[5][u.length];
    Arrays.fill(facts[0], (float) alpha);
    Arrays.fill(facts[1], (float) weight(process, v, x, zt, u.length));
    facts[2][place] = isJump ? (float) (2 * u.length * (size - 1.0) / size) : 0;
    facts[3][place] = from;
    Arrays.fill(facts[4], (float) constant(process, v));
    int[] all = IntStream.range(0, u.length).toArray();
    return new Query(zt, v, all, -schedule.alphaPrime(v) / alpha, true, facts);
  }

  private static int least(double... rest) {
    int least = 0;
    for (int n = 1; n < rest.length; n++) {
      least = rest[n] < rest[least] ? n : least;
    }
    return least;
  }

  /** Returns a token other than {@code from}, by a uniform. */
  private int other(int from, double uniform) {
    int size = space.vocabularySize();
    int distance = 1 + (int) Math.min(uniform * (size - 1), size - 2.0);
    return (from + distance) % size;
  }

  /**
   * Returns {@code 2 q(z') / (q(z') + P(z'))}: P is the mean over positions of the law with one
   * jump there.
   */
  private double weight(UniformProcess process, double t, int[] x, int[] zt, int n) {
    double own = process.own(t);
    double other = process.other(t);
    int size = space.vocabularySize();
    double ofOwn = other / own;
    double ofOther = (own + (size - 2) * other) / (size - 1) / other;
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += zt[i] == x[i] ? ofOwn : ofOther;
    }
    return 2 / (1 + sum / n);
  }

  /** Returns what the bound has besides the network, per token and unit of beta. */
  private double constant(UniformProcess process, double t) {
    double odds = process.own(t) / process.other(t);
    int size = space.vocabularySize();
    return (size - 1.0) / size * (schedule.alpha(t) * Math.log(odds) - 1);
  }

  @Override
  public RowLoss rowLoss() {
    return new UniformJumpLoss();
  }

  @Override
  public BoundTerms terms(double perToken) {
    UniformProcess process = new UniformProcess(space, schedule);
    return new BoundTerms(perToken, process.reconstruction(), process.prior());
  }

  @Override
  public String toString() {
    return "jumps of uniform noise";
  }

  /** The kind {@code ctmc-uniform}. */
  public record Kind() implements ContinuousTimeKind {
    private static final String NAME = "ctmc-uniform";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule) {
      return new UniformCtmcObjective(space, schedule);
    }

    @Override
    public Optional<Objective> anyOrder(TokenSpace space, MaskingSchedule schedule) {
      return Optional.empty();
    }

    @Override
    public Generation generation() {
      return new Generation.UniformNoise();
    }

    @Override
    public String toString() {
      return NAME;
    }
  }
}
