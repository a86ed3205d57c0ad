// SPDX-License-Identifier: Apache-2.0
/** How good samples are, without a network: by a model of short sequences of real tokens. */
package io.github.md4.sample.quality;
