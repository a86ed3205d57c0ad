// SPDX-License-Identifier: Apache-2.0
/** Bidirectional networks of the Llama kind: LLaDA, Dream and models converted from Qwen. */
package io.github.md4.core.network.llama;
