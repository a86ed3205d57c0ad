// SPDX-License-Identifier: Apache-2.0
/** The documents of one file in pieces, from text, JSON lines and Parquet; not part of the API. */
package io.github.md4.train.internal.document;
