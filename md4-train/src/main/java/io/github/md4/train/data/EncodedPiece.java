// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

/**
 * The ids of a document, or of a part of a long one.
 *
 * @param isLast whether the document ends with it
 */
record EncodedPiece(int[] ids, boolean isLast) {}
