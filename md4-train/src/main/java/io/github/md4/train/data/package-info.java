// SPDX-License-Identifier: Apache-2.0
/**
 * A data set: the files of its splits, what they replace, and their check. The packages below have
 * its kinds and what is read of it (docs/data.md): {@code character} and {@code document} with
 * {@code packing} write texts, {@code image} images, {@code quickstart} a set whose entropy is
 * known; {@code window} is what trainings and evaluations read, {@code zeroshot} rows of other
 * sets.
 *
 * <p>In the comments N is the number of tokens of a sequence and V the size of the vocabulary
 * without the mask; tokens are int32 in [0, V). "Spec" is docs/spec.md of this project. No argument
 * may be null; where one is, a {@link NullPointerException} names it or comes from its first use.
 * Whatever a file is found to be that it should not, is an {@link
 * io.github.md4.core.InvalidDataException}, whose message names the file and says what to do.
 */
package io.github.md4.train.data;
