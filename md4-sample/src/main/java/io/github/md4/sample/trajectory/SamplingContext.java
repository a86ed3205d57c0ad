// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.noise.Noise;

/**
 * The parts that all trajectories of a request share.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param noise the noise of the request's seed
 * @param from the share of the way that lies before them, in (0, 1]
 */
public record SamplingContext(TokenSpace space, Noise noise, double from) {}
