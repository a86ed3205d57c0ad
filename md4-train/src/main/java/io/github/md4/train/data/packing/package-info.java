// SPDX-License-Identifier: Apache-2.0
/**
 * Documents in token files: {@link io.github.md4.train.data.packing.DocumentTokens} writes their
 * ids with an end of text between them, split and packed as {@link
 * io.github.md4.train.data.packing.TokenPacking} says, in one process or in parts.
 *
 * <p>No argument may be null. A file that is not as it should is an {@link
 * io.github.md4.core.InvalidDataException}.
 */
package io.github.md4.train.data.packing;
