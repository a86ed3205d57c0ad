// SPDX-License-Identifier: Apache-2.0
/** The processes of one training: where each stands, and what they tell each other. */
package io.github.md4.train.parallel;
