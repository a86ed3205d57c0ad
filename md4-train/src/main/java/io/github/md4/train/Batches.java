// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.train.data.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The examples of every step and the noise that masks them, as a pure function of the step: the
 * data position is {@code step * batchSize}, and the noise is that of (seed, step, example).
 *
 * <p>Times are a low-discrepancy sequence over the whole step, also where it is split into
 * micro-batches, and each masked sample has noise of its own (the reference repeats it: spec, T9).
 */
public final class Batches {
  private final Windows windows;
  private final Noise noise;
  private final Batching batching;

  /**
   * The examples of a part.
   *
   * @param x clean tokens [B, N]
   * @param labels the class of each, or of none [B]
   */
  private record Examples(int[][] x, int[] labels) {}

  public Batches(Windows windows, Noise noise, Batching batching) {
    this.windows = windows;
    this.noise = noise;
    this.batching = batching;
  }

  /**
   * Returns the micro-batches of a step: all examples' first samples, then their second ones.
   *
   * @param step number of updates before it
   */
  public List<ExampleBatch> of(long step) {
    double[] v =
        batching.timeSampling().times(noise.uniforms(Purpose.TIME, step, 0, batching.batchSize()));
    List<Examples> examples = examples(step);
    List<ExampleBatch> parts = new ArrayList<>();
    for (int sample = 0; sample < batching.samples(); sample++) {
      for (int i = 0; i < examples.size(); i++) {
        int first = i * batching.microBatch();
        double[][] u = uniforms(step, sample * batching.batchSize() + first);
        double[] ofPart = Arrays.copyOfRange(v, first, first + batching.microBatch());
        Examples part = examples.get(i);
        parts.add(new ExampleBatch(part.x, part.labels, ofPart, u));
      }
    }
    return parts;
  }

  /** Returns the number of tokens of a step, each counted once however often it is masked. */
  public long tokens() {
    return (long) batching.batchSize() * windows.length();
  }

  private List<Examples> examples(long step) {
    List<Examples> parts = new ArrayList<>();
    for (int first = 0; first < batching.batchSize(); first += batching.microBatch()) {
      parts.add(read(step * batching.batchSize() + first));
    }
    return parts;
  }

  private Examples read(long start) {
    Examples examples =
        new Examples(
            new int[batching.microBatch()][windows.length()], new int[batching.microBatch()]);
    IntStream.range(0, batching.microBatch())
        .parallel()
        .forEach(
            b -> {
              windows.read(start + b, examples.x[b]);
              examples.labels[b] = windows.label(start + b);
            });
    return examples;
  }

  /**
   * @param first the number of the first sequence among all samples of the step
   */
  private double[][] uniforms(long step, int first) {
    double[][] u = new double[batching.microBatch()][];
    IntStream.range(0, u.length)
        .parallel()
        .forEach(
            b -> u[b] = noise.uniforms(Purpose.MASK, step, (long) first + b, windows.length()));
    return u;
  }
}
