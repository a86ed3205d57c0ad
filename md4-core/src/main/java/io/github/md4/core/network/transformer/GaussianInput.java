// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.NoisyVectors;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.internal.cuda.Upload;
import java.util.Arrays;
import java.util.List;

/**
 * A batch of noisy vectors on the device.
 *
 * @param tokens int64 or int32 [B N], V where there is a mask
 * @param added float32 [B N, D]
 * @param scales the scale at each position, float32 [B N, 1]
 * @param evidence the factor {@code scale / (1 - scale^2)} of a vector's own evidence, float32 [B
 *     N, 1]
 * @param host what it was made of
 */
record GaussianInput(NDArray tokens, NDArray added, NDArray scales, NDArray evidence, OnHost host) {
  /** So many units of the log signal-to-noise ratio fill the network's input of the time. */
  private static final double RANGE = 24;

  /**
   * Noisy vectors on the host.
   *
   * @param added [B N D]
   * @param scales [B N]
   * @param evidence [B N]
   * @param signals what the network is shown of each example
   * @param condition the place of each example on the scale of signal and noise, as a time
   * @param length N
   */
  record OnHost(
      float[] added,
      float[] scales,
      float[] evidence,
      List<NoisyVectors> signals,
      Condition condition,
      int length) {

    /**
     * @throws IllegalArgumentException if there are not vectors for each example
     */
    static OnHost of(Condition condition, int batchSize, int length) {
      int given = condition.vectors().size();
      if (given != batchSize) {
        throw new IllegalArgumentException(
            "there must be vectors for each of %d examples: %d".formatted(batchSize, given));
      }
      return of(condition.vectors(), condition.labels(), length);
    }

    private static OnHost of(List<NoisyVectors> each, int[] labels, int length) {
      int size = each.get(0).added().length;
      float[] added = new float[each.size() * size];
      float[] scales = new float[each.size() * length];
      float[] evidence = new float[scales.length];
      for (int b = 0; b < each.size(); b++) {
        double scale = each.get(b).scale();
        System.arraycopy(each.get(b).added(), 0, added, b * size, size);
        Arrays.fill(scales, b * length, (b + 1) * length, (float) scale);
        Arrays.fill(evidence, b * length, (b + 1) * length, (float) (scale / (1 - scale * scale)));
      }
      return new OnHost(added, scales, evidence, each, new Condition(times(each), labels), length);
    }

    private static double[] times(List<NoisyVectors> each) {
      return each.stream()
          .mapToDouble(one -> Math.max(0, Math.min(1, 0.5 - one.logSnr() / RANGE)))
          .toArray();
    }

    /** Returns the same of some examples. */
    OnHost of(int... examples) {
      List<NoisyVectors> some = Arrays.stream(examples).mapToObj(signals::get).toList();
      return of(some, new int[0], length);
    }

    /** Returns the flat positions of some examples, one example after another. */
    long[] positions(int... examples) {
      long[] positions = new long[examples.length * length];
      for (int i = 0; i < positions.length; i++) {
        positions[i] = (long) examples[i / length] * length + i % length;
      }
      return positions;
    }

    /** Returns the most bytes that {@link #upload} uploads. */
    long bytes() {
      return (long) Float.BYTES * (added.length + scales.length + evidence.length);
    }

    GaussianInput upload(NDManager scope, Upload upload, NDArray tokens) {
      Shape column = new Shape(scales.length, 1);
      return new GaussianInput(
          tokens,
          upload.floats(scope, added, new Shape(scales.length, added.length / scales.length)),
          upload.floats(scope, scales, column),
          upload.floats(scope, evidence, column),
          this);
    }
  }

  static GaussianInput of(NDManager scope, NDArray zt, Condition condition) {
    int batchSize = Math.toIntExact(zt.getShape().get(0));
    int length = Math.toIntExact(zt.getShape().get(1));
    NDArray tokens = zt.flatten();
    tokens.attach(scope);
    return OnHost.of(condition, batchSize, length).upload(scope, Upload.plain(), tokens);
  }

  /** Returns the same of some examples. */
  GaussianInput of(NDManager scope, int... examples) {
    long[] positions = host.positions(examples);
    NDArray at = OwnedArrays.longs(scope, positions, new Shape(positions.length));
    return host.of(examples).upload(scope, Upload.plain(), tokens.take(at));
  }

  /** Returns the place of each example on the scale of signal and noise, as a time. */
  Condition condition() {
    return host.condition();
  }

  int batchSize() {
    return host.signals().size();
  }

  int length() {
    return host.length();
  }
}
