// SPDX-License-Identifier: Apache-2.0
/**
 * The files of a corpus as bytes, characters and lines: compression, UTF-8, line ends; not part of
 * the API.
 */
package io.github.md4.train.internal.corpus;
