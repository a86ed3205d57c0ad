// SPDX-License-Identifier: Apache-2.0
/**
 * An update of a model: {@link io.github.md4.train.update.Learner} computes loss and gradients of a
 * batch, shows them to the guard, clips, and moves {@link io.github.md4.train.update.TrainedModel}.
 * Objects that hold arrays belong to one thread. No argument may be null.
 */
package io.github.md4.train.update;
