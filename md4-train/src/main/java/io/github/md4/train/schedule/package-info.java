// SPDX-License-Identifier: Apache-2.0
/**
 * The schedule of a model in training: {@link io.github.md4.train.schedule.TrainedSchedule}, fixed,
 * or learned with the network (docs/genmd4.md). It belongs to the thread of the training. No
 * argument may be null.
 */
package io.github.md4.train.schedule;
