// SPDX-License-Identifier: Apache-2.0
/**
 * The law from which a token is drawn: temperature and truncation (docs/sampling.md). What {@link
 * io.github.md4.sample} says of letters and nulls holds here.
 */
package io.github.md4.sample.law;
