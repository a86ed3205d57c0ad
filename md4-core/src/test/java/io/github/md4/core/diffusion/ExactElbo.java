// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;

/**
 * The expectation of the diffusion term, in nats per example, over a law of {@code x}, over all 2^N
 * masks, and over time: by enumeration and quadrature, with the code under test for each.
 *
 * @param x sequences of one length
 * @param probabilities of them
 */
public record ExactElbo(
    NDManager manager, Denoiser denoiser, TokenSpace space, int[][] x, double[] probabilities) {

  /** Nodes of the quadrature: exact for polynomials of a degree up to 47. */
  private static final int NODES = 24;

  /** That of a law under its own denoiser. */
  public static ExactElbo of(NDManager manager, TinyLaw law) {
    return new ExactElbo(manager, law, law.space(), law.sequences(), law.probabilities());
  }

  /** The mean over the times of a discrete axis. */
  public double discrete(MaskingSchedule schedule, int steps) {
    Md4Objective elbo = new Md4Objective(space, schedule, new TimeAxis.Discrete(steps));
    double sum = 0;
    for (int i = 1; i <= steps; i++) {
      sum += at(elbo, (i - 0.5) / steps);
    }
    return sum / steps;
  }

  /** The integral over all times, by Gauss and Legendre. */
  public double continuous(MaskingSchedule schedule) {
    Md4Objective elbo = new Md4Objective(space, schedule, new TimeAxis.Continuous());
    double sum = 0;
    for (int i = 0; i < NODES; i++) {
      double z = Math.cos(Math.PI * (i + 0.75) / (NODES + 0.5));
      for (int newton = 0; newton < 9; newton++) {
        z -= legendre(NODES, z) / slope(z);
      }
      double weight = 1 / ((1 - z * z) * slope(z) * slope(z)); // of [0, 1]: half that of [-1, 1]
      sum += weight * at(elbo, (1 + z) / 2);
    }
    return sum;
  }

  private static double legendre(int degree, double z) {
    double before = 1;
    double value = z;
    for (int k = 2; k <= degree; k++) {
      double next = ((2 * k - 1) * z * value - (k - 1) * before) / k;
      before = value;
      value = next;
    }
    return value;
  }

  private static double slope(double z) {
    return NODES * (z * legendre(NODES, z) - legendre(NODES - 1, z)) / (z * z - 1);
  }

  /** The expectation over x and masks at one time. */
  private double at(Md4Objective elbo, double v) {
    int length = x[0].length;
    int masks = 1 << length;
    int[][] clean = new int[x.length * masks][];
    int[][] zt = new int[clean.length][];
    double[] times = new double[clean.length];
    for (int i = 0; i < clean.length; i++) {
      clean[i] = x[i / masks];
      zt[i] = masked(clean[i], i % masks);
      times[i] = v;
    }
    QueryBatch batch = Queries.of(elbo, clean, zt, times);
    double[] diffusion = batch.values(batch.losses(manager, denoiser, elbo.rowLoss()));
    double t = elbo.axis().snap(v);
    double sum = 0;
    for (int i = 0; i < clean.length; i++) {
      int count = Integer.bitCount(i % masks);
      double ofMask =
          Math.pow(elbo.schedule().oneMinusAlpha(t), count)
              * Math.pow(elbo.schedule().alpha(t), (double) length - count);
      sum += probabilities[i / masks] * ofMask * diffusion[i];
    }
    return sum;
  }

  private int[] masked(int[] clean, int mask) {
    int[] zt = clean.clone();
    for (int n = 0; n < zt.length; n++) {
      if ((mask >> n & 1) == 1) {
        zt[n] = space.maskToken();
      }
    }
    return zt;
  }
}
