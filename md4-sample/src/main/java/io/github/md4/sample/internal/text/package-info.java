// SPDX-License-Identifier: Apache-2.0
/** The form of a choice as text, a name with arguments; not part of the API. */
package io.github.md4.sample.internal.text;
