// SPDX-License-Identifier: Apache-2.0
/**
 * Zero-shot sets and the protocols by which papers lay out their rows (spec, Section 7.5).
 *
 * <p>No argument may be null. A file that is not as it should is an {@link
 * io.github.md4.core.InvalidDataException}.
 */
package io.github.md4.train.data.zeroshot;
