// SPDX-License-Identifier: Apache-2.0
/**
 * The batches of a training: {@link io.github.md4.train.batch.TrainingData}, read ahead in the
 * order of the seed, with the uniforms of times and masks. In the comments B is the number of
 * examples of a batch, N the number of tokens of a sequence. No argument may be null.
 */
package io.github.md4.train.batch;
