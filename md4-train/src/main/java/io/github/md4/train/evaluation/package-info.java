// SPDX-License-Identifier: Apache-2.0
/**
 * The records of a run: its metrics, its evaluations on the way and its best model. {@link
 * io.github.md4.train.evaluation.RunRecorder} is a listener of a training that keeps all of them
 * (docs/training.md). Objects belong to the thread of the training. No argument may be null.
 */
package io.github.md4.train.evaluation;
