// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.likelihood.Units;

/**
 * What a step of training finds of learned powers: the bound, and the gradient of the surrogate
 * that trains them (spec, Section 3.3), both means over the step's examples in bits per token.
 *
 * <pre>{@code
 * bound     = 1/2 (l1 + l2) + reconstruction
 * surrogate = bound + 1/2 (l1 - l2) (ln q(z1 | x) - ln q(z2 | x)),   the first l1 - l2 a constant
 * }</pre>
 *
 * <p>The surrogate's value is no likelihood; its gradient is one of the bound's expectation,
 * without bias.
 */
public final class PoweredStep {
  private final PoweredElbo elbo;
  private final int examples;
  private final double[] gradient;
  private double bound;
  private double leaveOneOut;

  /**
   * @param examples of the whole step, each of which has two masked samples
   */
  public PoweredStep(PoweredElbo elbo, int examples) {
    this.elbo = elbo;
    this.examples = examples;
    this.gradient = new double[elbo.schedule().vocabularySize()];
  }

  /**
   * A masked sample that the network has seen.
   *
   * @param ofRows what each row counts, nats, [R]
   * @param byPower the gradient by the powers of the rows' sum, weighted by {@link
   *     PoweredElbo#objectiveWeights} of twice the step's examples; V numbers, what follows is of
   *     no effect
   */
  public record Judged(MaskedBatch batch, float[] ofRows, float[] byPower) {}

  /** Adds a part of the step: the same examples at the same times, masked twice. */
  public void add(Judged first, Judged second) {
    double[] l1 = elbo.diffusion(first.batch, first.ofRows);
    double[] l2 = elbo.diffusion(second.batch, second.ofRows);
    double share = share(first.batch);
    LeaveOneOut pair = new LeaveOneOut(elbo.schedule(), first.batch, second.batch);
    double[] terms = pair.terms(l1, l2);
    for (int b = 0; b < l1.length; b++) {
      bound += share * (0.5 * (l1[b] + l2[b]) + elbo.reconstruction(first.batch.x()[b]));
      leaveOneOut += share * terms[b];
    }
    addScaled(share, pair.gradient(l1, l2));
    addScaled(share, elbo.schedule().reconstructionGradient(counts(first.batch.x())));
    addDirect(first.byPower);
    addDirect(second.byPower);
  }

  /** Returns the bound, which is what is reported. */
  public double bound() {
    return bound;
  }

  /** Returns the value of the surrogate. */
  public double surrogate() {
    return bound + leaveOneOut;
  }

  /** Returns the gradient of the surrogate by the powers, [V]; not to be changed. */
  public double[] gradient() {
    return gradient;
  }

  private double share(MaskedBatch batch) {
    return Units.bitsPerToken(1.0 / ((double) examples * batch.length()));
  }

  private long[] counts(int[][] x) {
    long[] counts = new long[gradient.length];
    for (int[] example : x) {
      for (int token : example) {
        counts[token]++;
      }
    }
    return counts;
  }

  private void addScaled(double scale, double[] part) {
    for (int v = 0; v < gradient.length; v++) {
      gradient[v] += scale * part[v];
    }
  }

  private void addDirect(float[] part) {
    for (int v = 0; v < gradient.length; v++) {
      gradient[v] += part[v];
    }
  }
}
