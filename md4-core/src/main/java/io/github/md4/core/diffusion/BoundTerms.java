// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * The terms of a bound on the negative log-likelihood, nats per token (MD4, Section 3 and Appendix
 * E; spec, Section 2.2).
 *
 * @param diffusion the part that the network can lower
 * @param reconstruction the part of the tokens still masked at the least time
 * @param prior the part of what is known at time 1: zero of masks, as in the reference, which
 *     leaves it out; of uniform and Gaussian noise their divergence
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

  /** {@return the bound: the sum of the three, nats per token} */
  public double total() {
    return diffusion + reconstruction + prior;
  }
}
