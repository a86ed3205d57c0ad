// SPDX-License-Identifier: Apache-2.0
/** Sampling methods: exact, approximate, and those of published programs. */
package io.github.md4.sample.method;
