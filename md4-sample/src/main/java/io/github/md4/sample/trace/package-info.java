// SPDX-License-Identifier: Apache-2.0
/** Traces of sampling as files, with one JSON object a line (docs/sampling.md). */
package io.github.md4.sample.trace;
