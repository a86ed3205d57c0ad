// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.core.Checks.require;

import java.util.Arrays;

/**
 * The probability that an unmasked token is masked again at a step (ReMDM, arXiv 2503.00307,
 * Section 4). Masked positions are revealed the more often, so that as many are masked at each time
 * as without remasking:
 *
 * <pre>{@code
 * an unmasked token is masked again with probability sigma
 * a masked one is revealed with probability (alpha_s - (1 - sigma) alpha_t) / (1 - alpha_t)
 * 0 <= sigma <= min(1, (1 - alpha_s) / alpha_t)
 * }</pre>
 */
public sealed interface Remasking {

  /**
   * {@return sigma at each position, [N]}
   *
   * @param largest the largest value that is allowed, in [0, 1]
   * @param confidences the probability that each token had when it was revealed; [N], in [0, 1];
   *     infinite at masks and frozen tokens
   */
  double[] sigma(double largest, double[] confidences);

  /** {@return the largest probability, or the share of it, in [0, 1]} */
  double eta();

  /** {@return whether sigma does not depend on the network} */
  boolean isPlanned();

  /** {@return the name that options and reports have for it} */
  String name();

  /**
   * A constant sigma: {@code eta}, or the largest that is allowed where that is less.
   *
   * @param eta the largest probability, or the share of it, in [0, 1]
   */
  record Cap(double eta) implements Remasking {
    /**
     * Checks eta.
     *
     * @param eta the largest probability, in [0, 1]
     * @throws IllegalArgumentException if it is out of this range
     */
    public Cap {
      checkShare(eta);
    }

    @Override
    public double[] sigma(double largest, double[] confidences) {
      return filled(confidences.length, Math.min(eta, largest));
    }

    @Override
    public boolean isPlanned() {
      return true;
    }

    @Override
    public String name() {
      return "remask-cap";
    }
  }

  /**
   * The share {@code eta} of the largest that is allowed.
   *
   * @param eta the largest probability, or the share of it, in [0, 1]
   */
  record Rescale(double eta) implements Remasking {
    /**
     * Checks eta.
     *
     * @param eta the share of the largest, in [0, 1]
     * @throws IllegalArgumentException if it is out of this range
     */
    public Rescale {
      checkShare(eta);
    }

    @Override
    public double[] sigma(double largest, double[] confidences) {
      return filled(confidences.length, eta * largest);
    }

    @Override
    public boolean isPlanned() {
      return true;
    }

    @Override
    public String name() {
      return "remask-rescale";
    }
  }

  /**
   * The share {@code eta} of the largest, divided among the tokens by the softmax of minus their
   * confidences: the least sure tokens are masked first. A mask has no share, so remasking is not
   * made up for as with the other two, and a little more is left to the end.
   *
   * @param eta the largest probability, or the share of it, in [0, 1]
   */
  public record Confidence(double eta) implements Remasking {
    private static final int LANES = 32;

    /**
     * Checks eta.
     *
     * @param eta the share of the largest, in [0, 1]
     * @throws IllegalArgumentException if it is out of this range
     */
    public Confidence {
      checkShare(eta);
    }

    @Override
    public double[] sigma(double largest, double[] confidences) {
      double[] weights = weights(confidences);
      double sum = sum(weights);
      double[] sigma = new double[weights.length];
      Arrays.setAll(sigma, n -> sum == 0 ? 0 : share(largest) * weights[n] / sum);
      return sigma;
    }

    /** Returns the part of all sigma that is divided. */
    double share(double largest) {
      return eta * largest;
    }

    /** Returns the weights of confidences, [N]; a GPU computes the same numbers, to the bit. */
    static double[] weights(double[] confidences) {
      return Arrays.stream(confidences).map(c -> StrictMath.exp(-c)).toArray();
    }

    /** Returns the sum of weights, in an order in which a GPU can compute it, too. */
    private static double sum(double[] weights) {
      double[] sums = new double[LANES];
      for (int n = 0; n < weights.length; n++) {
        sums[n % LANES] += weights[n];
      }
      double sum = 0;
      for (double each : sums) {
        sum += each;
      }
      return sum;
    }

    @Override
    public boolean isPlanned() {
      return false;
    }

    @Override
    public String name() {
      return "remask-confidence";
    }
  }

  private static void checkShare(double eta) {
    require(eta >= 0 && eta <= 1, "eta must be in [0, 1]", eta);
  }

  private static double[] filled(int length, double value) {
    double[] sigma = new double[length];
    Arrays.fill(sigma, value);
    return sigma;
  }
}
