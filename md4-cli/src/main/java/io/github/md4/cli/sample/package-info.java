// SPDX-License-Identifier: Apache-2.0
/** The commands {@code sample}, {@code infill} and {@code trace}. */
package io.github.md4.cli.sample;
