// SPDX-License-Identifier: Apache-2.0
/** The help of commands: its layout, {@code md4 help} and the completion of shells. */
package io.github.md4.cli.help;
