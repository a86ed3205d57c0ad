// SPDX-License-Identifier: Apache-2.0

/**
 * Data sets: the preparation of texts as files of tokens, and the windows and chunks of these files
 * (docs/data.md). {@link io.github.md4.train.data.DocumentTokens}, {@link
 * io.github.md4.train.data.PlainText}, {@link io.github.md4.train.data.Text8} and {@link
 * io.github.md4.train.data.Quickstart} write files; {@link io.github.md4.train.data.Windows} are
 * what a training reads of them and {@link io.github.md4.train.data.EvaluationChunks} what an
 * evaluation reads.
 *
 * <p>In the comments N is the number of tokens of a sequence and V the size of the vocabulary
 * without the mask; tokens are int32 in [0, V). "Spec" is docs/spec.md of this project. No argument
 * may be null; where one is, a {@link NullPointerException} names it or comes from its first use.
 * Whatever a file is found to be that it should not, is an {@link
 * io.github.md4.core.InvalidDataException}, whose message names the file and says what to do.
 */
package io.github.md4.train.data;
