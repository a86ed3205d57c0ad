// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.NoisyVectors;
import io.github.md4.core.internal.cuda.OwnedArrays;
import java.util.Arrays;
import java.util.List;

/**
 * A batch of noisy vectors on the device.
 *
 * @param tokens int64 [B N], V where there is a mask
 * @param added float32 [B N, D]
 * @param condition the place of each example on the scale of signal and noise, as a time
 * @param signals what the network is shown of each example
 * @param length N
 */
record GaussianInput(
    NDArray tokens, NDArray added, Condition condition, List<NoisyVectors> signals, int length) {
  /** So many units of the log signal-to-noise ratio fill the network's input of the time. */
  private static final double RANGE = 24;

  static GaussianInput of(NDManager scope, NDArray zt, Condition condition) {
    List<NoisyVectors> each = condition.vectors();
    int batchSize = Math.toIntExact(zt.getShape().get(0));
    int length = Math.toIntExact(zt.getShape().get(1));
    if (each.size() != batchSize) {
      throw new IllegalArgumentException(
          "there must be vectors for each of %d examples: %d".formatted(batchSize, each.size()));
    }
    int size = each.get(0).added().length;
    float[] added = new float[batchSize * size];
    for (int b = 0; b < batchSize; b++) {
      System.arraycopy(each.get(b).added(), 0, added, b * size, size);
    }
    NDArray tokens = zt.flatten();
    tokens.attach(scope);
    return new GaussianInput(
        tokens,
        OwnedArrays.floats(scope, added, new Shape((long) batchSize * length, size / length)),
        told(each, condition),
        each,
        length);
  }

  /** Returns the condition with places on the scale of signal and noise as times. */
  static Condition told(Condition condition) {
    return told(condition.vectors(), condition);
  }

  private static Condition told(List<NoisyVectors> each, Condition condition) {
    double[] places =
        each.stream()
            .mapToDouble(one -> Math.max(0, Math.min(1, 0.5 - one.logSnr() / RANGE)))
            .toArray();
    return new Condition(places, condition.labels());
  }

  /** Returns the same of some examples. */
  GaussianInput of(NDManager scope, int... examples) {
    long[] places = new long[examples.length * length];
    for (int i = 0; i < places.length; i++) {
      places[i] = (long) examples[i / length] * length + i % length;
    }
    NDArray at = OwnedArrays.longs(scope, places, new Shape(places.length));
    List<NoisyVectors> some = Arrays.stream(examples).mapToObj(signals::get).toList();
    return new GaussianInput(
        tokens.take(at), added.get(at), told(some, Condition.at(0, examples.length)), some, length);
  }

  /** Returns the scale at each position, [B N, 1]. */
  NDArray scales(NDManager scope) {
    return column(scope, false);
  }

  /** Returns the factor {@code scale / (1 - scale^2)} of a vector's own evidence, [B N, 1]. */
  NDArray evidence(NDManager scope) {
    return column(scope, true);
  }

  private NDArray column(NDManager scope, boolean isEvidence) {
    float[] column = new float[signals.size() * length];
    for (int b = 0; b < signals.size(); b++) {
      double scale = signals.get(b).scale();
      double value = isEvidence ? scale / (1 - scale * scale) : scale;
      Arrays.fill(column, b * length, (b + 1) * length, (float) value);
    }
    return OwnedArrays.floats(scope, column, new Shape(column.length, 1));
  }
}
