// SPDX-License-Identifier: Apache-2.0
/**
 * Sequences drawn by the reverse process. {@link io.github.md4.sample.MaskedDiffusion} is a trained
 * model that generates, fills templates and scores, for one thread or for a service; {@link
 * io.github.md4.sample.Sampler} draws from any network without one. docs/library.md and
 * docs/service.md have programs.
 *
 * <p>In the comments of these packages N is the number of tokens of a sequence, B of the sequences
 * of a call, R of the positions at which tokens are drawn, and V the size of the vocabulary: ids 0
 * to V - 1 are tokens, V is the mask. Time runs from 1, where all is masked, to 0. "Spec" is
 * docs/spec.md of this project, which names the equations of the papers. No argument may be null,
 * but where a comment gives null a meaning; where one is, a {@link NullPointerException} names it
 * or comes from its first use.
 */
package io.github.md4.sample;
