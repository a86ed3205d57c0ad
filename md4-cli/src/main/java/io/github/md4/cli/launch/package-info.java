// SPDX-License-Identifier: Apache-2.0
/** The command that runs another in several processes. */
package io.github.md4.cli.launch;
