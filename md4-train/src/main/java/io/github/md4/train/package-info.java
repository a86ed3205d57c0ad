// SPDX-License-Identifier: Apache-2.0
/** The training loop and what a run leaves on disk. */
package io.github.md4.train;
