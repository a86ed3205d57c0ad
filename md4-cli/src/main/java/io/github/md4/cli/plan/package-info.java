// SPDX-License-Identifier: Apache-2.0
/** The command {@code plan}. */
package io.github.md4.cli.plan;
