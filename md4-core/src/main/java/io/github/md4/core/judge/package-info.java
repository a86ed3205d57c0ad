// SPDX-License-Identifier: Apache-2.0
/** A causal language model that others' samples are judged by. */
package io.github.md4.core.judge;
