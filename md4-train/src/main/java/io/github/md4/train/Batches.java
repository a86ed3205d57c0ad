// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.TimeSampling;
import io.github.md4.train.data.Windows;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The masked examples of every step, as a pure function of the step: the data position is {@code
 * step * batchSize}, and the noise is that of (seed, step, example).
 *
 * <p>Times are stratified over the whole step, also where it is split into micro-batches, and each
 * micro-batch has noise of its own (the reference repeats it: spec, T9).
 */
public final class Batches {
  private final Windows windows;
  private final Objective objective;
  private final Noise noise;
  private final Shape shape;

  /**
   * How a step is made up.
   *
   * @param batchSize examples of a step
   * @param microBatch examples of a part of it
   */
  public record Shape(int batchSize, int microBatch, TimeSampling timeSampling) {}

  public Batches(Windows windows, Objective objective, Noise noise, Shape shape) {
    this.windows = windows;
    this.objective = objective;
    this.noise = noise;
    this.shape = shape;
  }

  /**
   * Returns the micro-batches of a step.
   *
   * @param step number of updates before it
   */
  public List<MaskedBatch> of(long step) {
    double[] times = times(step);
    List<MaskedBatch> parts = new ArrayList<>();
    for (int first = 0; first < shape.batchSize; first += shape.microBatch) {
      parts.add(part(step, first, times));
    }
    return parts;
  }

  /** Returns the number of tokens of a step. */
  public long tokens() {
    return (long) shape.batchSize * windows.length();
  }

  private double[] times(long step) {
    double[] u = noise.uniforms(Purpose.TIME, step, 0, shape.batchSize);
    double[] times = shape.timeSampling.times(u);
    for (int b = 0; b < times.length; b++) {
      times[b] = objective.time(times[b]);
    }
    return times;
  }

  private MaskedBatch part(long step, int first, double[] times) {
    int[][] x = new int[shape.microBatch][windows.length()];
    int[][] zt = new int[shape.microBatch][];
    double[] ofPart = new double[shape.microBatch];
    int[] labels = new int[shape.microBatch];
    IntStream.range(0, shape.microBatch)
        .parallel()
        .forEach(
            b -> {
              int example = first + b;
              long position = step * shape.batchSize + example;
              windows.read(position, x[b]);
              labels[b] = windows.label(position);
              double[] u = noise.uniforms(Purpose.MASK, step, example, x[b].length);
              ofPart[b] = times[example];
              zt[b] = objective.seen(x[b], times[example], u);
            });
    return objective.batch(x, zt, Condition.of(ofPart, labels));
  }
}
