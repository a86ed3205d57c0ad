// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.encoding;

/**
 * The ids of a document, or of a part of a long one.
 *
 * @param ids the ids, which the receiver may keep
 * @param isLast true for the last part of a document
 */
public record EncodedPiece(int[] ids, boolean isLast) {}
