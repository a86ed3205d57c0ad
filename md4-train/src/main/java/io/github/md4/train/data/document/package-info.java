// SPDX-License-Identifier: Apache-2.0
/**
 * Documents and their ids: how a file is cut into documents, what is undone in their texts, and
 * their encoding on all cores (docs/data.md).
 *
 * <p>No argument may be null. A file that is not as it should is an {@link
 * io.github.md4.core.InvalidDataException}.
 */
package io.github.md4.train.data.document;
