// SPDX-License-Identifier: Apache-2.0
/**
 * What a run measures of itself: {@code metrics.jsonl} for scripts, event files for TensorBoard.
 */
package io.github.md4.train.metrics;
