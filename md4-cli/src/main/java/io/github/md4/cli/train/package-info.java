// SPDX-License-Identifier: Apache-2.0
/** The command {@code train}. */
package io.github.md4.cli.train;
