// SPDX-License-Identifier: Apache-2.0
/** The division of a command's work among processes, and over parts that are run one by one. */
package io.github.md4.cli.parts;
