// SPDX-License-Identifier: Apache-2.0
/** The types that every module names: precisions, formats and the exceptions, one an exit code. */
package io.github.md4.core;
