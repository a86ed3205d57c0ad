// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Hears what happens in training, between two steps, on the training thread. */
public interface TrainingListener {

  /** A step has been handed to the device; what it computes may not be known yet. */
  default void onStep(long step) throws IOException {}

  /** Metrics are due. */
  void onMetrics(StepMetrics metrics) throws IOException;

  /**
   * An evaluation is due: every so many steps, and at the end. Where the run was stopped before, a
   * resumed run makes up for it.
   */
  void onEvaluation(Learner learner) throws IOException;

  /** A checkpoint has been written. */
  default void onCheckpoint(long step, Path folder) throws IOException {}

  /**
   * What is known after a step.
   *
   * @param bitsPerToken the training loss with its constant term, mean since the last metrics
   * @param learningRate of the step
   * @param tokensPerSecond since the last metrics, or since the start
   * @param schedule what there is to say of a schedule that is learned, by name
   */
  record StepMetrics(
      long step,
      double bitsPerToken,
      double learningRate,
      double tokensPerSecond,
      Map<String, Double> schedule) {}
}
