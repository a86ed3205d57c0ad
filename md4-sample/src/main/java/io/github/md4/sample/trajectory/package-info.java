// SPDX-License-Identifier: Apache-2.0
/**
 * One sequence on its way: what it begins as, its steps, and the sample it ends as. A user's own
 * sampling method makes a {@link io.github.md4.sample.trajectory.Trajectory} (docs/library.md).
 * Letters and nulls mean here what {@link io.github.md4.sample} says of them.
 */
package io.github.md4.sample.trajectory;
