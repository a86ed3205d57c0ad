// SPDX-License-Identifier: Apache-2.0
/** The command {@code schedule}. */
package io.github.md4.cli.schedule;
