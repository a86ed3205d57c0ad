// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

/**
 * A document, or a part of a long one.
 *
 * @param isLast true for the last part of a document
 */
public record Piece(String text, boolean isLast) {}
