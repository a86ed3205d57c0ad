// SPDX-License-Identifier: Apache-2.0
/**
 * The operations of a training, the ceiling of a device, and the spread of measurements
 * (docs/performance.md). Records are immutable. No argument may be null.
 */
package io.github.md4.train.speed;
