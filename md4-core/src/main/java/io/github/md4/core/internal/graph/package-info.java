// SPDX-License-Identifier: Apache-2.0
/**
 * Calls and steps of networks as CUDA graphs, which the host launches whole; not part of the API.
 */
package io.github.md4.core.internal.graph;
