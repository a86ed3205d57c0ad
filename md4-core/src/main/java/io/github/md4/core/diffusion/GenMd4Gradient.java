// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.Units;
import io.github.md4.core.schedule.GenMd4Schedule;

/**
 * The gradient by the powers of what a step of training lowers, the mean over its examples of
 *
 * <pre>{@code
 * 1/2 (l1 + l2) + reconstruction + 1/2 (l1 - l2) (ln q(z1 | x) - ln q(z2 | x))
 * }</pre>
 *
 * <p>in bits per token, the difference of the losses being a constant (spec, Section 3.3). It is,
 * without bias, that of the bound's expectation. The value of the whole is no likelihood: what is
 * reported is the bound, without the last term. For one thread.
 */
public final class GenMd4Gradient {
  private final GenMd4Schedule schedule;
  private final int examples;
  private final double[] byPower;

  /**
   * Begins the gradient of a step.
   *
   * @param schedule the schedule with a power for each token
   * @param examples the examples of the whole step, over all its parts, at least 1; each has two
   *     masked samples
   */
  public GenMd4Gradient(GenMd4Schedule schedule, int examples) {
    this.schedule = schedule;
    this.examples = examples;
    this.byPower = new double[schedule.vocabularySize()];
  }

  /**
   * A masked sample that the network has judged.
   *
   * @param batch the queries of one of the two samples
   * @param ofRows what each row counts, nats, [R]
   * @param byPower the gradient by the powers of the rows' sum, weighted by {@link
   *     QueryBatch#rowWeights} of twice the step's examples; V numbers, what follows is of no
   *     effect
   */
  public record Loss(QueryBatch batch, float[] ofRows, float[] byPower) {}

  /**
   * Adds a part of the step: the same examples at the same times, masked twice.
   *
   * @param first losses and gradients of the first sample
   * @param second those of the second
   */
  public void add(Loss first, Loss second) {
    double[] l1 = first.batch.values(first.ofRows);
    double[] l2 = second.batch.values(second.ofRows);
    double share = Units.bitsPerToken(1.0 / ((double) examples * first.batch.length()));
    LeaveOneOut pair = new LeaveOneOut(schedule, first.batch, second.batch);
    addScaled(share, pair.gradient(l1, l2));
    addScaled(share, schedule.reconstructionGradient(counts(first.batch.x())));
    addRows(first.byPower);
    addRows(second.byPower);
  }

  /** {@return the gradient of what was added, bits per token and unit of power, [V]; not a copy} */
  public double[] byPower() {
    return byPower;
  }

  private long[] counts(int[][] x) {
    long[] counts = new long[byPower.length];
    for (int[] example : x) {
      for (int token : example) {
        counts[token]++;
      }
    }
    return counts;
  }

  private void addScaled(double scale, double[] part) {
    for (int v = 0; v < byPower.length; v++) {
      byPower[v] += scale * part[v];
    }
  }

  private void addRows(float[] part) {
    for (int v = 0; v < byPower.length; v++) {
      byPower[v] += part[v];
    }
  }
}
