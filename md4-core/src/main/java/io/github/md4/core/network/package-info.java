// SPDX-License-Identifier: Apache-2.0
/** The networks behind the denoiser, and their parameters. */
package io.github.md4.core.network;
