// SPDX-License-Identifier: Apache-2.0
/** The mathematics of masks: forward and reverse process, the bound. */
package io.github.md4.core.diffusion;
