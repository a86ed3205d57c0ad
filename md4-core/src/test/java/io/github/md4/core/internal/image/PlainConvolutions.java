// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Convolutions with the norm in front of them as plain loops in double. */
final class PlainConvolutions {
  private PlainConvolutions() {}

  /** Numbers as they are on the device and on the host, [B, H, W, C] or [O, 3, 3, C]. */
  record Values(NDArray array, float[] host, int channels) {}

  /** Rounds to bfloat16, to the nearest, ties to even. */
  static float rounded(double x) {
    int bits = Float.floatToRawIntBits((float) x);
    return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
  }

  /** Returns conv(swish(norm(x))) + bias; biases of one image, or of each. */
  static double[] convolved(
      List<Values> x, Shape size, List<Values> norm, Values filters, Values bias, int biases) {
    int height = (int) size.get(1);
    int width = (int) size.get(2);
    int pixels = height * width;
    int in = filters.channels;
    int out = bias.channels;
    double[] result = new double[(int) size.size() * out];
    IntStream.range(0, (int) size.get(0))
        .parallel()
        .forEach(
            image -> {
              double[][] a = activated(x, image, pixels, norm, in);
              for (int p = 0; p < pixels; p++) {
                for (int o = 0; o < out; o++) {
                  double sum = bias.host[(biases == 1 ? 0 : image * out) + o];
                  for (int place = 0; place < 9; place++) {
                    int row = p / width + place / 3 - 1;
                    int column = p % width + place % 3 - 1;
                    if (row < 0 || row >= height || column < 0 || column >= width) {
                      continue;
                    }
                    double[] pixel = a[row * width + column];
                    int from = (o * 9 + place) * in;
                    for (int c = 0; c < in; c++) {
                      sum += pixel[c] * filters.host[from + c];
                    }
                  }
                  result[(image * pixels + p) * out + o] = sum;
                }
              }
            });
    return result;
  }

  /** Returns norm(x). */
  static double[] normalised(Values x, Shape size, List<Values> norm) {
    int pixels = (int) (size.get(1) * size.get(2));
    return IntStream.range(0, (int) size.get(0))
        .mapToObj(image -> normalised(List.of(x), image, pixels, norm, x.channels))
        .flatMap(Arrays::stream)
        .flatMapToDouble(Arrays::stream)
        .toArray();
  }

  /** Returns the activations [pixels][channels] of an image, as products read them. */
  private static double[][] activated(
      List<Values> x, int image, int pixels, List<Values> norm, int channels) {
    double[][] a = normalised(x, image, pixels, norm, channels);
    for (double[] pixel : a) {
      for (int c = 0; c < channels; c++) {
        pixel[c] = rounded(pixel[c] / (1 + Math.exp(-pixel[c])));
      }
    }
    return a;
  }

  private static double[][] normalised(
      List<Values> x, int image, int pixels, List<Values> norm, int channels) {
    double[][] a = new double[pixels][channels];
    for (int p = 0; p < pixels; p++) {
      int at = 0;
      for (Values map : x) {
        for (int c = 0; c < map.channels; c++) {
          a[p][at++] = map.host[(image * pixels + p) * map.channels + c];
        }
      }
    }
    int group = channels / UNetKernels.GROUPS;
    for (int first = 0; first < channels; first += group) {
      double mean = 0;
      double squares = 0;
      for (double[] pixel : a) {
        for (int c = first; c < first + group; c++) {
          mean += pixel[c] / (pixels * group);
        }
      }
      for (double[] pixel : a) {
        for (int c = first; c < first + group; c++) {
          squares += (pixel[c] - mean) * (pixel[c] - mean);
        }
      }
      double deviation = Math.sqrt(squares / (pixels * group) + UNetKernels.EPSILON);
      for (double[] pixel : a) {
        for (int c = first; c < first + group; c++) {
          pixel[c] = (pixel[c] - mean) / deviation * norm.get(0).host[c] + norm.get(1).host[c];
        }
      }
    }
    return a;
  }

  static void addProjected(double[] sum, List<Values> x, Values weights, Values bias) {
    int out = bias.channels;
    int in = weights.channels;
    for (int i = 0; i < sum.length; i++) {
      int pixel = i / out;
      int o = i % out;
      sum[i] += bias.host[o];
      int c = 0;
      for (Values map : x) {
        for (int k = 0; k < map.channels; k++) {
          double value = rounded(map.host[pixel * map.channels + k]);
          sum[i] += value * weights.host[o * in + c++];
        }
      }
    }
  }

  static void addMaps(double[] sum, List<Values> x) {
    int channels = x.stream().mapToInt(Values::channels).sum();
    for (int i = 0; i < sum.length; i++) {
      int c = i % channels;
      boolean isFirst = c < x.get(0).channels;
      Values map = x.get(isFirst ? 0 : 1);
      int place = isFirst ? c : c - x.get(0).channels;
      sum[i] += map.host[i / channels * map.channels + place];
    }
  }
}
