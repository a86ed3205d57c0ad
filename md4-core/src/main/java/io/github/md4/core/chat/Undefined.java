// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

/** The value of a name that a template's data lacks: false, and empty as a text. */
enum Undefined {
  VALUE
}
