// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.core.Decimals;

/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101, Algorithm 2) as optax computes it: bias-corrected
 * moments, epsilon outside the root, decay decoupled from the gradient but multiplied by the rate
 * (spec, Section 8)
 *
 * <pre>{@code
 * m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
 * p = p - rate ( (m / (1 - beta1^k)) / (sqrt(v / (1 - beta2^k)) + epsilon) + weightDecay p )
 * }</pre>
 *
 * where k is the update's number, from 1.
 *
 * @param beta1 the memory of the mean of the gradients, in [0, 1)
 * @param beta2 the memory of the mean of their squares, in [0, 1)
 * @param epsilon the number added to the root of the latter, above 0 and finite
 * @param weightDecay the decay of every parameter, biases and scales too, at least 0 and finite;
 *     times the rate it is the share that a step takes away
 */
public record AdamW(double beta1, double beta2, double epsilon, double weightDecay) {

  /**
   * Checks betas, epsilon and decay.
   *
   * @param beta1 the memory of the mean of the gradients, in [0, 1)
   * @param beta2 the memory of the mean of their squares, in [0, 1)
   * @param epsilon the number added to the root of the latter, above 0 and finite
   * @param weightDecay the decay of every parameter, biases and scales too, at least 0 and finite;
   *     times the rate it is the share that a step takes away
   * @throws IllegalArgumentException if a beta is outside [0, 1), {@code epsilon} is not above 0,
   *     {@code weightDecay} is negative, or one of these is not finite; also if that is so after
   *     rounding to 32 bits
   */
  public AdamW {
    checkBeta("beta1", beta1);
    checkBeta("beta2", beta2);
    if (!(epsilon > 0 && Double.isFinite(epsilon))) {
      throw new IllegalArgumentException("epsilon must be positive and finite: " + epsilon);
    }
    Decimals.requireApart("epsilon", epsilon, 0);
    Decimals.requireApart("epsilon", epsilon, Double.POSITIVE_INFINITY);
    if (!(weightDecay >= 0 && Double.isFinite(weightDecay))) {
      throw new IllegalArgumentException(
          "weightDecay must be at least 0 and finite: " + weightDecay);
    }
    Decimals.requireApart("weightDecay", weightDecay, Double.POSITIVE_INFINITY);
  }

  /** {@return the paper's numbers for text: 0.9, 0.999, 1e-8, no decay (spec, Section 6)} */
  public static AdamW defaults() {
    return new AdamW(0.9, 0.999, 1e-8, 0);
  }

  private static void checkBeta(String name, double beta) {
    if (!(beta >= 0 && beta < 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1): " + beta);
    }
    Decimals.requireApart(name, beta, 1);
  }
}
