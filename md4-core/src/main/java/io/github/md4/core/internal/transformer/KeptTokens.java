// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

/**
 * The ranks that tokens must reach to be kept: a token is kept where its rank is at least that of
 * its row.
 *
 * @param ranks of the tokens, [V]; the same array for all steps of a go
 * @param least the least rank of each row, [R]
 */
public record KeptTokens(int[] ranks, int[] least) {
  static final KeptTokens ALL = new KeptTokens(new int[0], new int[0]);
}
