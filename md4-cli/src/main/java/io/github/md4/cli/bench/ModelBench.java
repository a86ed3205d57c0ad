// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.model.SavedModel;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** A measurement of a loaded model: its forward pass, and a step of generation. */
record ModelBench(NDManager manager, SavedModel model) {
  private static final int WARM_UP = 4;

  /** A forward pass of one sequence, half of it masks: the median of some. */
  record Forward(int length, int rows, double milliseconds) {}

  /** The generation of masks at the end of one sequence. */
  record Generation(int length, int masks, int calls, double seconds) {
    double millisecondsACall() {
      return 1e3 * seconds / calls;
    }
  }

  /**
   * Measures forward passes.
   *
   * @param rows the positions whose logits are asked, the last of the sequence
   * @param repeats at least 1
   */
  Forward forward(int length, int rows, int repeats) {
    double[] seconds = new double[repeats];
    for (int i = -WARM_UP; i < repeats; i++) {
      double taken = pass(length, rows);
      if (i >= 0) {
        seconds[i] = taken;
      }
    }
    Arrays.sort(seconds);
    return new Forward(length, rows, 1e3 * seconds[repeats / 2]);
  }

  private double pass(int length, int rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = scope.create(tokens(length, length / 2), new Shape(1, length));
      NDArray asked = scope.create(LongStream.range(length - rows, length).toArray());
      float before = zt.get(0).getLong(0);
      long start = System.nanoTime();
      NDArray logits = model.denoiser().logits(zt, Condition.at(0.5), asked);
      float after = logits.get(0).getFloat(0); // waits
      double seconds = (System.nanoTime() - start) * 1e-9;
      if (Float.isNaN(before + after)) {
        throw new IllegalStateException("the logits must be numbers");
      }
      return seconds;
    }
  }

  /** Returns arbitrary tokens, the last of them masks. */
  private long[] tokens(int length, int masks) {
    TokenSpace space = model.description().tokenSpace();
    long[] tokens = new long[length];
    for (int i = 0; i < length; i++) {
      boolean isMask = i >= length - masks;
      tokens[i] = isMask ? space.maskToken() : i * 7919L % space.vocabularySize();
    }
    return tokens;
  }

  /**
   * Measures the generation of masks after a first time for warming up.
   *
   * @param masks at least 1, at the end of the sequence
   */
  Generation generation(SamplingOptions options, int length, int masks) {
    GenerativeModel generative =
        new GenerativeModel(
            model.denoiser(),
            model.description().tokenSpace(),
            model.schedule(),
            model.description().config().objective().generation());
    int[] zt = Arrays.stream(tokens(length, masks)).mapToInt(Math::toIntExact).toArray();
    try (Sampler sampler = new Sampler(manager, generative, options.method(), options.law())) {
      SampleRequest request = SampleRequest.of(List.of(new InitialSequence(zt, 0)));
      Sample warm = sampler.sample(request).get(0);
      long start = System.nanoTime();
      Sample sample = sampler.sample(request).get(0);
      double seconds = (System.nanoTime() - start) * 1e-9;
      if (!Arrays.equals(warm.tokens(), sample.tokens())) {
        throw new IllegalStateException("two runs of one seed must give the same tokens");
      }
      return new Generation(length, masks, sample.calls(), seconds);
    }
  }
}
