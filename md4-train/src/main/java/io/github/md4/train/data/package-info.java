// SPDX-License-Identifier: Apache-2.0

/**
 * Data sets: the preparation of texts as files of tokens, and the windows and chunks of these
 * files.
 */
package io.github.md4.train.data;
