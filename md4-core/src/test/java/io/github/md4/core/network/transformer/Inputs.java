// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.network.image.ImageConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The inputs of a network: random tokens, the mask among them, and each example's time and class.
 *
 * @param zt [B, N]
 * @param times [B]
 * @param labels [B], or empty
 */
public record Inputs(int[][] zt, double[] times, int[] labels) {

  public static Inputs random(NetworkConfig config, int batchSize, int length, int vocabularySize) {
    Noise noise = new Noise(29);
    int[][] zt = new int[batchSize][length];
    for (int b = 0; b < batchSize; b++) {
      double[] u = noise.uniforms(Purpose.SOURCE, 1, b, length);
      for (int n = 0; n < length; n++) {
        zt[b][n] = (int) (u[n] * (vocabularySize + 1));
      }
    }
    double[] times = noise.uniforms(Purpose.SOURCE, 2, 0, batchSize);
    int[] labels = new int[config.classes() > 0 ? batchSize : 0];
    Arrays.setAll(labels, b -> (2 * b + 1) % config.classes());
    return new Inputs(zt, times, labels);
  }

  /** Inputs of the length that a network takes, or of {@code length} where it takes any. */
  static Inputs fitting(NetworkConfig config, int batchSize, int length, int vocabularySize) {
    int n = config instanceof ImageConfig image ? image.image().size() : length;
    return random(config, batchSize, n, vocabularySize);
  }

  /** Examples from {@code first} up to {@code end}. */
  Inputs part(int first, int end) {
    return new Inputs(
        Arrays.copyOfRange(zt, first, end),
        Arrays.copyOfRange(times, first, end),
        labels.length == 0 ? labels : Arrays.copyOfRange(labels, first, end));
  }

  public NDArray zt(NDManager manager) {
    long[] flat = Arrays.stream(zt).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return manager.create(flat, new Shape(zt.length, zt[0].length));
  }

  public Condition condition() {
    return new Condition(times, labels);
  }

  public NDArray allRows(NDManager manager) {
    return manager.create(LongStream.range(0, (long) zt.length * zt[0].length).toArray());
  }

  /** Logits without dropout, [B N V] flat. */
  public float[] logits(NDManager manager, Network network, Parameters parameters) {
    try (NDManager scope = manager.newSubManager()) {
      return network
          .denoiser(parameters)
          .logits(zt(scope), condition(), allRows(scope))
          .toFloatArray();
    }
  }

  /** Returns the inputs of training, at all positions. */
  public NetworkInput input() {
    return new NetworkInput(
        zt, condition(), IntStream.range(0, zt.length * zt[0].length).toArray());
  }

  /** Logits with dropout, [B N V] flat. */
  public float[] trainingLogits(
      NDManager manager, Network network, Parameters parameters, DropoutNoise noise) {
    try (NDManager scope = manager.newSubManager();
        TrainableNetwork trainable = network.trainable(scope, parameters, Training.TORCHSCRIPT);
        TrainingPass pass = trainable.forward(scope, input(), noise)) {
      return Training.logits(pass);
    }
  }
}
