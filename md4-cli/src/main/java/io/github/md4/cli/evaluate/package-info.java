// SPDX-License-Identifier: Apache-2.0
/** The commands {@code evaluate}, {@code compare} and {@code quality}. */
package io.github.md4.cli.evaluate;
