// SPDX-License-Identifier: Apache-2.0
/**
 * Plain texts in token files, by symbols of their own: {@link
 * io.github.md4.train.data.character.PlainText} splits any text by position, {@link
 * io.github.md4.train.data.character.Text8} is the set of that name.
 *
 * <p>No argument may be null. A file that is not as it should is an {@link
 * io.github.md4.core.InvalidDataException}.
 */
package io.github.md4.train.data.character;
