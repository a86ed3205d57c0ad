// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.image.NormActivationKernels.Activated;
import io.github.md4.core.internal.image.NormActivationKernels.Dropout;
import io.github.md4.core.internal.image.NormActivationKernels.Forward;
import io.github.md4.core.internal.image.NormActivationKernels.Gradients;
import io.github.md4.core.internal.image.NormActivationKernels.Kind;
import io.github.md4.core.internal.image.NormActivationKernels.Norm;
import io.github.md4.core.internal.image.NormActivationKernels.ParameterGradients;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The plain operations that the CUDA kernels are held against, against loops in double: the output
 * by its formula, the gradients as central differences of a weighted sum of it.
 */
@Tag("naive")
final class NormActivationKernelsTest {
  private static final int EXAMPLES = 2;
  private static final int HEIGHT = 3;
  private static final int WIDTH = 2;
  private static final int PIXELS = HEIGHT * WIDTH;

  /** Float32 along some ten operations. */
  private static final double OUTPUT = 2e-5;

  /** A central difference of this step in double is good to about 1e-8. */
  private static final double STEP = 1e-5;

  private static final double GRADIENT = 2e-4;

  /** Maps [B, pixels, C], joined, and the values of a norm, [B, C], in double. */
  private record Case(double[] x, double[] scale, double[] shift, double[] bias, int channels) {

    /** Returns swish(norm(x + bias)), [B, pixels, C]. */
    double[] output() {
      double[] result = new double[x.length];
      int size = channels / UNetKernels.GROUPS;
      for (int b = 0; b < EXAMPLES; b++) {
        for (int group = 0; group < UNetKernels.GROUPS; group++) {
          double mean = 0;
          double square = 0;
          for (int c = group * size; c < (group + 1) * size; c++) {
            for (int p = 0; p < PIXELS; p++) {
              mean += at(b, p, c) / (size * PIXELS);
            }
          }
          for (int c = group * size; c < (group + 1) * size; c++) {
            for (int p = 0; p < PIXELS; p++) {
              square += Math.pow(at(b, p, c) - mean, 2) / (size * PIXELS);
            }
          }
          for (int c = group * size; c < (group + 1) * size; c++) {
            for (int p = 0; p < PIXELS; p++) {
              double n = (at(b, p, c) - mean) / Math.sqrt(square + UNetKernels.EPSILON);
              double z = n * scale[b * channels + c] + shift[b * channels + c];
              result[(b * PIXELS + p) * channels + c] = z / (1 + Math.exp(-z));
            }
          }
        }
      }
      return result;
    }

    private double at(int b, int p, int c) {
      return x[(b * PIXELS + p) * channels + c] + bias[b * channels + c];
    }

    /** Returns how fast a weighted sum of the output grows with one of the numbers. */
    double slope(double[] numbers, int index, double[] weights) {
      double before = numbers[index];
      numbers[index] = before + STEP;
      double above = sum(weights);
      numbers[index] = before - STEP;
      double below = sum(weights);
      numbers[index] = before;
      return (above - below) / (2 * STEP);
    }

    private double sum(double[] weights) {
      double[] output = output();
      double sum = 0;
      for (int i = 0; i < output.length; i++) {
        sum += output[i] * weights[i];
      }
      return sum;
    }
  }

  /** One map; two side by side, with groups that have channels of both. */
  @ParameterizedTest
  @CsvSource({"64, 0, 2", "32, 64, 1", "64, 32, 0"})
  void plainOperations_areThoseOfLoopsInDouble(int first, int second, int parts) {
    int channels = first + second;
    Random random = new Random(7);
    Case given =
        new Case(
            numbers(random, EXAMPLES * PIXELS * channels, 1),
            numbers(random, EXAMPLES * channels, 1),
            numbers(random, EXAMPLES * channels, 0),
            numbers(random, EXAMPLES * channels, 0),
            channels);
    double[] weights = numbers(random, given.x.length, 0);
    double[] known = numbers(random, given.x.length, 0);
    try (NDManager manager = NDManager.newBaseManager();
        NormActivationKernels plain = new PlainNormActivationKernels(manager)) {
      Shape ofNorm = new Shape(EXAMPLES, channels);
      Norm norm =
          new Norm(
              manager.create(floats(given.scale), ofNorm),
              manager.create(floats(given.shift), ofNorm),
              Optional.of(manager.create(floats(given.bias), ofNorm)));
      List<NDArray> x = maps(manager, given.x, first, second);
      Activated made = plain.normActivate(manager, Kind.STREAM, x, norm, Dropout.NONE);
      assertClose(joined(List.of(made.output())), given.output(), OUTPUT);

      List<List<NDArray>> knownParts = new ArrayList<>();
      for (NDArray map : maps(manager, known, first, second)) {
        List<NDArray> ofMap = new ArrayList<>();
        for (int part = 0; part < parts; part++) {
          ofMap.add(map);
        }
        knownParts.add(ofMap);
      }
      NDArray sums = manager.zeros(new Shape(channels));
      Gradients back =
          plain.normActivateBackward(
              manager,
              maps(manager, weights, channels, 0).get(0),
              new Forward(Kind.STREAM, x, norm, Dropout.NONE, made),
              knownParts,
              new ParameterGradients(Optional.empty(), Optional.of(sums), Optional.empty()));
      double[] dx = new double[given.x.length];
      for (int i = 0; i < dx.length; i++) {
        dx[i] = given.slope(given.x, i, weights) + parts * known[i];
      }
      assertClose(joined(back.x()), dx, GRADIENT);
      double[][] byParameters = {given.scale, given.shift, given.bias};
      double[] ofShift = new double[channels];
      for (int quantity = 0; quantity < byParameters.length; quantity++) {
        double[] expected = new double[EXAMPLES * channels];
        for (int i = 0; i < expected.length; i++) {
          expected[i] = given.slope(byParameters[quantity], i, weights);
          ofShift[i % channels] += quantity == 1 ? expected[i] : 0;
        }
        assertClose(back.norm().get(quantity).toFloatArray(), expected, GRADIENT);
      }
      assertClose(sums.toFloatArray(), ofShift, GRADIENT);
    }
  }

  /** Blocks of equal work: as few as keep the GPU busy, not more than the pixels are worth. */
  @ParameterizedTest
  @CsvSource({
    "128, 32, 396, 3",
    "128, 32, 264, 2",
    "512, 24, 264, 1",
    "512, 24, 396, 3",
    "8, 24, 396, 24",
    "1, 1, 396, 1",
    "4096, 8, 264, 1"
  })
  void splits_areAsFewAsKeepTheGpuBusy(int examples, int most, int atOnce, int expected) {
    assertThat(MapSize.splits(examples, most, atOnce)).isEqualTo(expected);
  }

  /** Returns the one map of [B, pixels, C] numbers, or the two whose channels they join. */
  private static List<NDArray> maps(NDManager manager, double[] joined, int first, int second) {
    NDArray all =
        manager.create(floats(joined), new Shape(EXAMPLES, HEIGHT, WIDTH, first + second));
    NDArray left = all.get(":, :, :, 0:" + first).transpose(0, 3, 1, 2);
    return second == 0
        ? List.of(left)
        : List.of(left, all.get(":, :, :, " + first + ":").transpose(0, 3, 1, 2));
  }

  private static float[] joined(List<NDArray> maps) {
    NDArray all = maps.get(0).transpose(0, 2, 3, 1);
    for (NDArray map : maps.subList(1, maps.size())) {
      all = all.concat(map.transpose(0, 2, 3, 1), -1);
    }
    return all.toFloatArray();
  }

  private static double[] numbers(Random random, int count, double mean) {
    return random.doubles(count, mean - 1, mean + 1).toArray();
  }

  private static float[] floats(double[] numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return floats;
  }

  private static void assertClose(float[] found, double[] expected, double tolerance) {
    assertThat(found).hasSameSizeAs(expected);
    double largest = 0;
    for (double each : expected) {
      largest = Math.max(largest, Math.abs(each));
    }
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).isCloseTo(expected[i], within(tolerance * largest));
    }
  }
}
