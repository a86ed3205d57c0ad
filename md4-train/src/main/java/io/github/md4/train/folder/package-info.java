// SPDX-License-Identifier: Apache-2.0
/**
 * The folder of a run: where its files are, the lock of who writes, and the checkpoints
 * (docs/reliability.md). No argument may be null.
 */
package io.github.md4.train.folder;
