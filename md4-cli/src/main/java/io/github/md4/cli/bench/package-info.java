// SPDX-License-Identifier: Apache-2.0
/** The command {@code bench}. */
package io.github.md4.cli.bench;
