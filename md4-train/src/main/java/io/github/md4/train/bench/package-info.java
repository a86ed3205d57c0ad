// SPDX-License-Identifier: Apache-2.0
/** The measurement of training: its speed, and the times of its parts. */
package io.github.md4.train.bench;
