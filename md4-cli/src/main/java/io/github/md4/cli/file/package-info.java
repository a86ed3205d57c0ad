// SPDX-License-Identifier: Apache-2.0
/** Files that commands read and write: sequences, one per line; outputs, whole or not at all. */
package io.github.md4.cli.file;
