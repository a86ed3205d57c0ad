// SPDX-License-Identifier: Apache-2.0

/** Data sets: texts made into files of tokens, and the windows and chunks read from them. */
package io.github.md4.train.data;
