// SPDX-License-Identifier: Apache-2.0
/**
 * The parts of token files that are read: {@link io.github.md4.train.data.window.Windows} by a
 * training, {@link io.github.md4.train.data.window.EvaluationChunks} by an evaluation. In the
 * comments N is the number of tokens of a window.
 *
 * <p>No argument may be null.
 */
package io.github.md4.train.data.window;
