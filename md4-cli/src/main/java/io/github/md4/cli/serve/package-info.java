// SPDX-License-Identifier: Apache-2.0
/** The command {@code serve}: a model over HTTP. */
package io.github.md4.cli.serve;
