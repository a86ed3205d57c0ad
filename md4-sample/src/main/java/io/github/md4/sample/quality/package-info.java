// SPDX-License-Identifier: Apache-2.0
/**
 * The quality of samples by a model of short sequences of real tokens, without a network
 * (docs/sampling.md). Types are immutable. No argument may be null.
 */
package io.github.md4.sample.quality;
