// SPDX-License-Identifier: Apache-2.0

/** Text to token ids and back, and files of token ids. */
package io.github.md4.core.token;
