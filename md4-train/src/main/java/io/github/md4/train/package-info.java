// SPDX-License-Identifier: Apache-2.0
/**
 * The training loop and what a run leaves on disk.
 *
 * <p>{@link io.github.md4.train.TrainingRun} trains a model from {@link
 * io.github.md4.train.batch.TrainingData} by a {@link io.github.md4.train.config.TrainingConfig}
 * and tells a {@link io.github.md4.train.TrainingListener} how it goes. The packages below hold its
 * parts.
 *
 * <p>In the comments B is the number of examples of a batch, N the number of tokens of a sequence
 * and V the size of the vocabulary without the mask. "Spec" is docs/spec.md of this project, which
 * names the equations of the papers. An update is one move of the weights; a step is an update with
 * its number. No argument may be null; where one is, a {@link NullPointerException} or an {@link
 * IllegalArgumentException} names it. Objects that hold arrays ({@link
 * io.github.md4.train.TrainingRun}, {@link io.github.md4.train.update.Learner}) belong to one
 * thread.
 */
package io.github.md4.train;
