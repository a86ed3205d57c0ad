// SPDX-License-Identifier: Apache-2.0
/**
 * The files of a run's metrics: {@code metrics.jsonl} for scripts, event files for TensorBoard
 * (docs/training.md, docs/json.md). No argument may be null.
 */
package io.github.md4.train.metrics;
