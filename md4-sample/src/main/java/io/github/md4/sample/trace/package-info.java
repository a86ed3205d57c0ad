// SPDX-License-Identifier: Apache-2.0
/** What happened while sampling, as a file: one JSON object a line. */
package io.github.md4.sample.trace;
