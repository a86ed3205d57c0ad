// SPDX-License-Identifier: Apache-2.0
/** Texts of files and of messages; not part of the API. */
package io.github.md4.core.internal.text;
