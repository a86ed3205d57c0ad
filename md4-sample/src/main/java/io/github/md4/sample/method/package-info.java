// SPDX-License-Identifier: Apache-2.0
/**
 * Sampling methods: exact, approximate, and those of published programs (docs/sampling.md has a
 * table of all, docs/library.md says how to add one). What {@link io.github.md4.sample} says of
 * letters and nulls holds here.
 */
package io.github.md4.sample.method;
