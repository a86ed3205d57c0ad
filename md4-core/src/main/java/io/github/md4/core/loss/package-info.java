// SPDX-License-Identifier: Apache-2.0
/** The losses of rows: as tensors, and on a training pass that takes their gradient. */
package io.github.md4.core.loss;
