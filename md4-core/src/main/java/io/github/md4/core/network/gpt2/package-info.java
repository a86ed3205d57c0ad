// SPDX-License-Identifier: Apache-2.0
/** GPT-2, the autoregressive network that zero-shot tables have beside diffusion. */
package io.github.md4.core.network.gpt2;
