// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.diffusion.Draft;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.TimeSampling;
import io.github.md4.train.data.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The examples of every step and the noise that masks them, as a pure function of the step: the
 * data position is {@code step * batchSize}, and the noise is that of (seed, step, example).
 *
 * <p>Times are stratified over the whole step, also where it is split into micro-batches, and each
 * masked sample has noise of its own (the reference repeats it: spec, T9).
 */
public final class Batches {
  private final Windows windows;
  private final Task task;
  private final Noise noise;
  private final Shape shape;

  /**
   * How a step is made up.
   *
   * @param batchSize examples of a step
   * @param microBatch examples of a part of it
   * @param samples how often each example is masked, at the same time
   */
  public record Shape(int batchSize, int microBatch, int samples, TimeSampling timeSampling) {}

  public Batches(Windows windows, Task task, Noise noise, Shape shape) {
    this.windows = windows;
    this.task = task;
    this.noise = noise;
    this.shape = shape;
  }

  /**
   * Returns the micro-batches of a step: all examples' first samples, then their second ones.
   *
   * @param step number of updates before it
   */
  public List<Draft> of(long step) {
    double[] times = times(step);
    List<int[][]> examples = examples(step);
    List<Draft> parts = new ArrayList<>();
    for (int sample = 0; sample < shape.samples; sample++) {
      for (int i = 0; i < examples.size(); i++) {
        int first = i * shape.microBatch;
        double[][] u = uniforms(step, sample * shape.batchSize + first);
        double[] ofPart = Arrays.copyOfRange(times, first, first + shape.microBatch);
        parts.add(task.draft(examples.get(i), ofPart, u));
      }
    }
    return parts;
  }

  /** Returns the number of tokens of a step, each counted once however often it is masked. */
  public long tokens() {
    return (long) shape.batchSize * windows.length();
  }

  private double[] times(long step) {
    double[] u = noise.uniforms(Purpose.TIME, step, 0, shape.batchSize);
    return Arrays.stream(shape.timeSampling.times(u)).map(task::time).toArray();
  }

  private List<int[][]> examples(long step) {
    List<int[][]> parts = new ArrayList<>();
    for (int first = 0; first < shape.batchSize; first += shape.microBatch) {
      int[][] x = new int[shape.microBatch][windows.length()];
      long start = step * shape.batchSize + first;
      IntStream.range(0, x.length).parallel().forEach(b -> windows.read(start + b, x[b]));
      parts.add(x);
    }
    return parts;
  }

  /**
   * @param first the number of the first sequence among all samples of the step
   */
  private double[][] uniforms(long step, int first) {
    double[][] u = new double[shape.microBatch][];
    IntStream.range(0, u.length)
        .parallel()
        .forEach(
            b -> u[b] = noise.uniforms(Purpose.MASK, step, (long) first + b, windows.length()));
    return u;
  }
}
