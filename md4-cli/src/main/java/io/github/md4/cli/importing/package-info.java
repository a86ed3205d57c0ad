// SPDX-License-Identifier: Apache-2.0
/** The commands that take models of others and hand ours to others. */
package io.github.md4.cli.importing;
