// SPDX-License-Identifier: Apache-2.0
/** The forms of results: tables, JSON, numbers with errors, amounts, and what to type next. */
package io.github.md4.cli.report;
