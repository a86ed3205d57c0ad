// SPDX-License-Identifier: Apache-2.0
/** GPT-2 as a scorer of samples (docs/sampling.md). No argument may be null. */
package io.github.md4.sample.scoring;
