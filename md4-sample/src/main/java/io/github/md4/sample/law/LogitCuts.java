// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.law;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * The cuts of logits that a {@link TokenLaw.Truncation} can be made of. Both leave ties in
 * (docs/sampling.md).
 */
public interface LogitCuts {

  /**
   * Returns logits with minus infinity for all but the likeliest tokens of each row.
   *
   * @param scope the owner of the result
   * @param logits unnormalised log-probabilities, float32 [R, V]; not changed
   * @param k the number of tokens that stay, at least 1; those that tie with the last stay too
   * @return float32 [R, V]
   */
  NDArray topK(NDManager scope, NDArray logits, int k);

  /**
   * Returns logits with minus infinity for all but the likeliest tokens of each row with a mass of
   * at least {@code p}.
   *
   * @param scope the owner of the result
   * @param logits unnormalised log-probabilities, float32 [R, V]; not changed
   * @param p the mass, in (0, 1]; the token that crosses it stays, and so do those that tie with it
   * @return float32 [R, V]
   */
  NDArray topP(NDManager scope, NDArray logits, double p);
}
