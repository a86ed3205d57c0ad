// SPDX-License-Identifier: Apache-2.0
/** Trained parameters with average and moments, and their move; not part of the API. */
package io.github.md4.train.internal.update;
