// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * The vectors that Gaussian diffusion shows a network of an example: at position n
 *
 * <pre>{@code
 * z_n = scale e(token_n) + added_n
 * }</pre>
 *
 * <p>where e are the network's learned embeddings and that of the mask is zero. So an example in
 * training has its tokens and noise, and a sequence in sampling has masks and its state.
 *
 * @param scale the root of alpha, in (0, 1)
 * @param added the vectors of all positions one after another [N D]; empty where a network is shown
 *     tokens alone
 */
public record NoisyVectors(double scale, float[] added) {
  /** Tokens alone. */
  public static final NoisyVectors NONE = new NoisyVectors(1, new float[0]);

  /** {@return whether there are tokens alone} */
  public boolean isEmpty() {
    return added.length == 0;
  }

  /** {@return {@code ln(alpha / (1 - alpha))}, alpha being the square of the scale} */
  public double logSnr() {
    return 2 * Math.log(scale) - Math.log1p(-scale * scale);
  }
}
