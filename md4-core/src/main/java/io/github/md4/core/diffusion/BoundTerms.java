// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * The terms of a bound on the negative log-likelihood, nats per token.
 *
 * @param diffusion the part that the network can lower
 * @param reconstruction the part of the tokens still masked at the least time
 * @param prior zero, as in the reference
 */
public record BoundTerms(double diffusion, double reconstruction, double prior) {

  /**
   * {@return the terms with so much more of the reconstruction}
   *
   * @param more what is added to the reconstruction, nats per token
   */
  public BoundTerms reconstructing(double more) {
    return new BoundTerms(diffusion, reconstruction + more, prior);
  }

  /** {@return the bound} */
  public double total() {
    return diffusion + reconstruction + prior;
  }
}
