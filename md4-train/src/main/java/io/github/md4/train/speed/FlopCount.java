// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.speed;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.Arithmetic;
import io.github.md4.core.network.ParameterSpec;
import java.util.List;

/**
 * The floating-point operations of training per token, forward and backward. Vectors and tables do
 * not count. Attention counts as a whole, also where it is causal. The count of a transformer is
 * that of PaLM (arXiv 2204.02311, Appendix B). A multiplication and an addition are two.
 *
 * @param denseEquivalent the count for a program that computes the loss everywhere. Comparisons
 *     with other programs use it, whatever is skipped here. For a transformer it is
 *     <pre>{@code
 * 6 (parameters - token table) + 12 layers width length
 * }</pre>
 *
 * @param needed the count with the loss at masked positions only, half of all. For a transformer it
 *     is
 *     <pre>{@code
 * 6 (a + b / 2 + c / length) + 12 layers width length
 * }</pre>
 *     where a are the parameters of matrices that every position is multiplied by, b those of the
 *     head and the last feed-forward, needed at masked positions, and c those of the condition and
 *     of the modulation, multiplied once per example
 */
public record FlopCount(double denseEquivalent, double needed) {

  /**
   * The operations per parameter and token: a multiplication and an addition forward, and twice as
   * many backward.
   */
  private static final double PER_MULTIPLICATION = 6;

  /**
   * {@return the count of a network with these parameters}
   *
   * @param model length, objective, schedule and network of the model
   * @param specs names and shapes of the network's parameters
   */
  public static FlopCount of(ModelConfig model, List<ParameterSpec> specs) {
    Arithmetic arithmetic = model.network().arithmetic(specs, model.length());
    double attended = PER_MULTIPLICATION * arithmetic.attended();
    return new FlopCount(
        PER_MULTIPLICATION * arithmetic.dense() + attended,
        PER_MULTIPLICATION * arithmetic.needed() + attended);
  }

  /**
   * {@return the count where each token passes the network several times}
   *
   * @param samples how often each token passes, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public FlopCount times(int samples) {
    require(samples >= 1, "samples must be at least 1", samples);
    return new FlopCount(samples * denseEquivalent, samples * needed);
  }
}
