// SPDX-License-Identifier: Apache-2.0
/**
 * The processes of one training: where each stands, and what they tell each other
 * (docs/distributed.md). A job is the processes of one training, a rank the number of a process in
 * it. No argument may be null.
 */
package io.github.md4.train.parallel;
