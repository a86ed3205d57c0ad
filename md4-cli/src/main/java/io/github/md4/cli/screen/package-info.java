// SPDX-License-Identifier: Apache-2.0
/** What a terminal shows: lines, progress and its width; the reader of a pipe that goes away. */
package io.github.md4.cli.screen;
