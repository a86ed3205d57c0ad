// SPDX-License-Identifier: Apache-2.0
/** The command {@code config} and its subcommands. */
package io.github.md4.cli.configs;
