// SPDX-License-Identifier: Apache-2.0
/**
 * The types that every module uses: precision, memory format, activation, and one exception for
 * each exit code.
 */
package io.github.md4.core;
