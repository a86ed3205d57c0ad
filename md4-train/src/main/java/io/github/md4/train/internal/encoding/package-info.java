// SPDX-License-Identifier: Apache-2.0
/** The encoding of documents on all cores; not part of the API. */
package io.github.md4.train.internal.encoding;
