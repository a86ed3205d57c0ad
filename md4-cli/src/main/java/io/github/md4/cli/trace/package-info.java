// SPDX-License-Identifier: Apache-2.0
/** Traces of sampling, played in a terminal and on a page. */
package io.github.md4.cli.trace;
