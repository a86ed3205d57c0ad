// SPDX-License-Identifier: Apache-2.0
/** The transformer of the text experiments. */
package io.github.md4.core.network.transformer;
