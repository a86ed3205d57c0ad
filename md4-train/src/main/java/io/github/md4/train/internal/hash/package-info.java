// SPDX-License-Identifier: Apache-2.0
/**
 * Hashes: SplitMix64, from which draws of data follow, the shuffle made of it, and MD5; not part of
 * the API.
 */
package io.github.md4.train.internal.hash;
