// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * Examples with their times and noise, made ahead of the step that uses them: where the schedule is
 * learned, which tokens are masked is known only once it has seen the step before.
 */
public interface Draft {

  /** Returns the examples as the schedule masks them now. */
  MaskedBatch masked();

  /** Returns B, the number of examples. */
  int batchSize();
}
