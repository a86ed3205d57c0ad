// SPDX-License-Identifier: Apache-2.0
/** Failures in one line, and exit codes. */
package io.github.md4.cli.failure;
