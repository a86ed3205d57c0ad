// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

/**
 * The findings of a trial of a training.
 *
 * @param start the seconds from the start of the process to the first step, with what is compiled,
 *     and those of its end, where the trial had a process of its own
 * @param excess the seconds that the first step takes longer than others
 * @param parameters the number of all parameters, powers too
 * @param flopsPerToken the operations of training for each token, as for a dense program
 * @param steps the steps that were tried
 * @param samples those of an evaluation
 * @param written the seconds that a byte of a checkpoint takes to be on the disk; 0 where not tried
 * @param scored the part of an evaluation that was tried
 * @param peaks the most bytes in use
 * @param idle the bytes in use when the arrays of the trial were freed
 */
record Findings(
    double start,
    double excess,
    long parameters,
    double flopsPerToken,
    Steps steps,
    Samples samples,
    double written,
    Scored scored,
    Peaks peaks,
    long idle) {

  /**
   * The steps of a trial.
   *
   * @param examples in each
   * @param atOnce the examples of a micro-batch
   * @param count their number
   * @param seconds of each
   * @param later those of each in the second half of the time
   */
  record Steps(int examples, int atOnce, int count, double seconds, double later) {
    /**
     * Returns the seconds of a training's steps: as many examples as were tried take what these
     * took, and all others what the later ones took.
     *
     * @param all the examples of all steps
     */
    double secondsOf(double all) {
      double tried = Math.min(all, (double) count * examples);
      return (tried * seconds + (all - tried) * later) / examples;
    }
  }

  /**
   * A part of an evaluation.
   *
   * @param examples in a call; 0 where the training has no evaluation
   * @param seconds of each example
   * @param excess the seconds that the first evaluation takes longer than others
   */
  record Scored(int examples, double seconds, double excess) {}

  /**
   * The samples of an evaluation.
   *
   * @param seconds of all their calls
   * @param excess the seconds that the first samples of a process take longer than others
   */
  record Samples(double seconds, double excess) {}

  /** The most bytes in use by the process or, if there is one, of the GPU, in each phase. */
  record Peaks(long steps, long samples, long evaluation) {}

  /** Returns these findings of a process that took so long to end. */
  Findings ended(double seconds) {
    return new Findings(
        start + seconds,
        excess,
        parameters,
        flopsPerToken,
        steps,
        samples,
        written,
        scored,
        peaks,
        idle);
  }

  Findings idle(long bytes) {
    return new Findings(
        start, excess, parameters, flopsPerToken, steps, samples, written, scored, peaks, bytes);
  }
}
