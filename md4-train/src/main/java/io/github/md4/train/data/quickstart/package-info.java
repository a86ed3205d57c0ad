// SPDX-License-Identifier: Apache-2.0
/**
 * A data set made of a source whose entropy is known: {@link
 * io.github.md4.train.data.quickstart.Quickstart} writes it, and {@link
 * io.github.md4.train.data.quickstart.EntropyFloor} is the bits that no model goes below.
 *
 * <p>No argument may be null.
 */
package io.github.md4.train.data.quickstart;
