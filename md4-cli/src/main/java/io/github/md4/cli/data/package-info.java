// SPDX-License-Identifier: Apache-2.0
/** The command {@code data}. */
package io.github.md4.cli.data;
