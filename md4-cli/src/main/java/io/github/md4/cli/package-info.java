// SPDX-License-Identifier: Apache-2.0
/** The command line: commands, exit codes, progress. Results go to stdout, the rest to stderr. */
package io.github.md4.cli;
