// SPDX-License-Identifier: Apache-2.0
/**
 * The command line's root: entry point, exit codes and version. Results go to stdout, the rest to
 * stderr.
 */
package io.github.md4.cli;
