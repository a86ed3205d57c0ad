// SPDX-License-Identifier: Apache-2.0
/** The command {@code doctor}. */
package io.github.md4.cli.doctor;
