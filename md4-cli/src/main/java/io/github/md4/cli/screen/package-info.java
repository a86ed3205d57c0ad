// SPDX-License-Identifier: Apache-2.0
/** Lines and progress in a terminal, its width, and the reader of a pipe that goes away. */
package io.github.md4.cli.screen;
