// SPDX-License-Identifier: Apache-2.0
/**
 * TorchScript, automatic differentiation, and the kernels that all networks share; not part of the
 * API.
 */
package io.github.md4.core.internal.torch;
