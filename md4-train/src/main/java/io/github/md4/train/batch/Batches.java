// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.batch;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.train.config.Batching;
import io.github.md4.train.data.window.Windows;
import io.github.md4.train.parallel.Share;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The examples of every step and the noise that masks them, as a pure function of the step: the
 * data position is {@code step * batchSize}, and the noise is that of (seed, step, example).
 *
 * <p>Times follow the law of {@link Batching#timeSampling} over the whole step, also where it is
 * split into micro-batches, and each masked sample has noise of its own (the reference repeats it:
 * spec, T9). Safe for several threads where the windows are.
 */
public final class Batches {
  private final Windows windows;
  private final Noise noise;
  private final Batching batching;
  private final Share share;
  private final int microBatch;

  /**
   * The examples of a part.
   *
   * @param x clean tokens, in [0, V), [B][N]
   * @param labels the class of each, or of none [B]
   */
  private record Examples(int[][] x, int[] labels) {}

  /**
   * Makes the batches of a process that is alone.
   *
   * @param windows the training sequences of length N, in the order of their epoch
   * @param noise the noise of the run's seed, from which times and masks are drawn
   * @param batching batch size, micro-batches, masks of an example, law of times
   */
  public Batches(Windows windows, Noise noise, Batching batching) {
    this(windows, noise, batching, Share.all());
  }

  /**
   * Makes the batches of one of several processes.
   *
   * @param windows the training sequences of length N, in the order of their epoch
   * @param noise the noise of the run's seed, from which times and masks are drawn
   * @param batching batch size, micro-batches, masks of an example, law of times
   * @param share the examples of each batch that this process takes
   * @throws io.github.md4.core.InvalidConfigException if a batch cannot be shared equally, or the
   *     share cannot be cut into micro-batches
   */
  public Batches(Windows windows, Noise noise, Batching batching, Share share) {
    this.windows = Objects.requireNonNull(windows, "windows");
    this.noise = Objects.requireNonNull(noise, "noise");
    this.batching = batching;
    this.share = share;
    this.microBatch = share.microBatch(batching.batchSize(), batching.microBatch());
  }

  /**
   * {@return the micro-batches of a step, as far as they belong to this process: all examples'
   * first samples, then their second ones}
   *
   * @param step number of updates before it, at least 0
   * @throws IllegalArgumentException if {@code step} is negative
   */
  public List<ExampleBatch> of(long step) {
    require(step >= 0, "step must be at least 0", step);
    double[] v =
        batching.timeSampling().times(noise.uniforms(Purpose.TIME, step, 0, batching.batchSize()));
    List<Examples> examples = examples(step);
    List<ExampleBatch> parts = new ArrayList<>();
    for (int sample = 0; sample < batching.samples(); sample++) {
      for (int i = 0; i < examples.size(); i++) {
        int first = i * microBatch;
        double[][] u = uniforms(step, sample, first);
        double[] ofPart =
            IntStream.range(0, microBatch).mapToDouble(b -> v[share.global(first + b)]).toArray();
        Examples part = examples.get(i);
        parts.add(new ExampleBatch(part.x, part.labels, ofPart, u));
      }
    }
    return parts;
  }

  /**
   * {@return the number of tokens of a step over all processes, each counted once however often it
   * is masked}
   */
  public long tokens() {
    return (long) batching.batchSize() * windows.length();
  }

  private List<Examples> examples(long step) {
    List<Examples> parts = new ArrayList<>();
    for (int first = 0; first < share.of(batching.batchSize()); first += microBatch) {
      parts.add(read(step, first));
    }
    return parts;
  }

  private Examples read(long step, int first) {
    long start = step * batching.batchSize();
    Examples examples = new Examples(new int[microBatch][windows.length()], new int[microBatch]);
    IntStream.range(0, microBatch)
        .parallel()
        .forEach(
            b -> {
              long index = start + share.global(first + b);
              windows.read(index, examples.x[b]);
              examples.labels[b] = windows.label(index);
            });
    return examples;
  }

  /**
   * Returns the uniforms that mask the examples of a part [microBatch][N].
   *
   * @param first the number of the first example in this process's share
   */
  private double[][] uniforms(long step, int sample, int first) {
    double[][] u = new double[microBatch][];
    long ofSample = (long) sample * batching.batchSize();
    IntStream.range(0, u.length)
        .parallel()
        .forEach(
            b -> {
              long sequence = ofSample + share.global(first + b);
              u[b] = noise.uniforms(Purpose.MASK, step, sequence, windows.length());
            });
    return u;
  }
}
