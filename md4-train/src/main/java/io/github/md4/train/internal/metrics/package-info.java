// SPDX-License-Identifier: Apache-2.0
/** The files of metrics: JSON lines and TensorBoard's events; not part of the API. */
package io.github.md4.train.internal.metrics;
