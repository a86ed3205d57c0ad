// SPDX-License-Identifier: Apache-2.0
/**
 * Schedules, the bound, masking and unmasking over NDArrays, for programs written with DJL: on any
 * device and differentiable. The same in double on the host is {@code core.schedule} and {@code
 * core.diffusion}.
 */
package io.github.md4.core.ndarray;
