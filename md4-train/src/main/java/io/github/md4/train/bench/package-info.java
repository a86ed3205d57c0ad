// SPDX-License-Identifier: Apache-2.0
/**
 * The measurement of training: its speed, and the times of its parts (docs/performance.md). Nothing
 * here is safe for several threads but {@link io.github.md4.train.bench.RandomWindows}. No argument
 * may be null.
 */
package io.github.md4.train.bench;
