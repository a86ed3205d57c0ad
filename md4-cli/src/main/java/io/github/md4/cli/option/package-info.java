// SPDX-License-Identifier: Apache-2.0
/** The types of the values of options. */
package io.github.md4.cli.option;
