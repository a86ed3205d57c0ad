// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

/**
 * The ids of a document, or of a part of a long one.
 *
 * @param isLast true for the last part of a document
 */
record EncodedPiece(int[] ids, boolean isLast) {}
