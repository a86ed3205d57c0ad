// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import java.util.SplittableRandom;

/**
 * Gaussian noise on embedded tokens that keeps their variance (Gulrajani and Hashimoto, 2023;
 * Kingma et al., 2021): {@code z_t = sqrt(alpha_t) e(x) + sqrt(1 - alpha_t) noise}, where the
 * embeddings have D coordinates and the squared length D.
 *
 * @param schedule the schedule that all tokens share
 * @param width D, the length of a token's vector, at least 1
 */
public record GaussianProcess(MaskingSchedule schedule, int width) {

  /**
   * Checks the width.
   *
   * @param schedule the schedule, whose alpha is the share of the signal
   * @param width D, the length of a token's vector, at least 1
   * @throws IllegalArgumentException if {@code width} is below 1
   */
  public GaussianProcess {
    if (width < 1) {
      throw new IllegalArgumentException("the width of vectors must be at least 1: " + width);
    }
  }

  /** Returns what is shown of an example at a time, by standard normals [N D]. */
  NoisyVectors noisy(double t, double[] normals) {
    return noisy(scale(t), Math.sqrt(schedule.oneMinusAlpha(t)), normals);
  }

  /** Returns what is shown of an example at a log signal-to-noise ratio, by normals [N D]. */
  NoisyVectors noisyAt(double logSnr, double[] normals) {
    double ratio = Math.exp(logSnr);
    return noisy(Math.sqrt(ratio / (1 + ratio)), Math.sqrt(1 / (1 + ratio)), normals);
  }

  private static NoisyVectors noisy(double scale, double sigma, double[] normals) {
    float[] added = new float[normals.length];
    for (int i = 0; i < added.length; i++) {
      added[i] = (float) (sigma * normals[i]);
    }
    return new NoisyVectors(scale, added);
  }

  /**
   * {@return the independent standard normals of an example, [N D]}
   *
   * @param u a uniform in [0, 1) for each position, [N]
   */
  public double[] normals(double[] u) {
    double[] all = new double[u.length * width];
    for (int n = 0; n < u.length; n++) {
      System.arraycopy(normals(u[n]), 0, all, n * width, width);
    }
    return all;
  }

  /**
   * {@return D independent standard normals, a function of one uniform: its 53 bits are the seed of
   * a generator (Box and Muller, 1958)}
   *
   * @param u a uniform number in [0, 1)
   */
  public double[] normals(double u) {
    SplittableRandom random = new SplittableRandom(Double.doubleToRawLongBits(u));
    double[] normals = new double[width];
    for (int d = 0; d < width; d += 2) {
      double radius = Math.sqrt(-2 * Math.log1p(-unit(random)));
      double angle = 2 * Math.PI * unit(random);
      normals[d] = radius * Math.cos(angle);
      if (d + 1 < width) {
        normals[d + 1] = radius * Math.sin(angle);
      }
    }
    return normals;
  }

  private static double unit(SplittableRandom random) {
    return (random.nextLong() >>> 11) * 0x1p-53;
  }

  /**
   * {@return the root of alpha, in [0, 1]}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double scale(double t) {
    return Math.sqrt(schedule.alpha(t));
  }

  /**
   * {@return minus half the derivative of the signal-to-noise ratio by time: the weight of the
   * squared distance between an embedding and the guess of it (Kingma et al., 2021, equation 15);
   * at least zero}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double lossWeight(double t) {
    double noise = schedule.oneMinusAlpha(t);
    return -schedule.alphaPrime(t) / (2 * noise * noise);
  }

  /** {@return the divergence of {@code z_1} from a standard normal, nats a token} */
  public double prior() {
    return -width * Math.log(schedule.oneMinusAlpha(1)) / 2;
  }
}
