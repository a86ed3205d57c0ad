// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

/** A method that stops at the times of a grid. */
sealed interface GridMethod extends SamplingMethod
    permits ExactMethod.Ancestral,
        ExactMethod.Mean,
        ApproximateMethod.Reference,
        ApproximateMethod.Remasked,
        ApproximateMethod.ByScores {

  /** {@return its grid} */
  SamplingSteps steps();

  @Override
  default double timeAt(double from) {
    return steps().timeAt(from);
  }
}
