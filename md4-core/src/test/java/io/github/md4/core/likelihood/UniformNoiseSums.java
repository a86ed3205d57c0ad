// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.diffusion.NoisyLaw;
import io.github.md4.core.diffusion.UniformCtmcObjective;
import io.github.md4.core.diffusion.UniformD3pmObjective;
import io.github.md4.core.diffusion.UniformProcess;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The bounds and the likelihood of three tokens under uniform noise, by plain sums over all states.
 *
 * @param denoiser guesses clean tokens, of three sorts
 * @param steps T, the number of steps of discrete time
 */
record UniformNoiseSums(NoisyLaw denoiser, int steps) {

  private double q(int z, int x, double t) {
    UniformProcess process = new UniformProcess(denoiser.law().space(), denoiser.schedule());
    return z == x ? process.own(t) : process.other(t);
  }

  private double q(int[] z, int[] x, double t) {
    return IntStream.range(0, 3).mapToDouble(n -> q(z[n], x[n], t)).reduce(1, (a, b) -> a * b);
  }

  /** Returns p(z_s | z_t) of a position. */
  private double[] stepBack(double[] mu, int y, double s, double t) {
    double a = denoiser.schedule().alpha(t) / denoiser.schedule().alpha(s);
    double[] p = new double[3];
    double sum = 0;
    for (int j = 0; j < 3; j++) {
      for (int x0 = 0; x0 < 3; x0++) {
        p[j] += mu[x0] * q(j, x0, s) * ((j == y ? a : 0) + (1 - a) / 3);
      }
      sum += p[j];
    }
    for (int j = 0; j < 3; j++) {
      p[j] /= sum;
    }
    return p;
  }

  /** Returns the bound of T steps of a sequence, with its two ends. */
  double d3pm(int[] x) {
    double nats =
        3
            * new UniformD3pmObjective(
                    denoiser.law().space(), denoiser.schedule(), new TimeAxis.Discrete(steps), 0)
                .terms(0)
                .total();
    for (int i = 1; i <= steps; i++) {
      double t = (double) i / steps;
      double s = (i - 1.0) / steps;
      for (int[] z : denoiser.law().sequences()) {
        for (int n = 0; n < 3; n++) {
          double[] p = stepBack(denoiser.mu(z, n, t), z[n], s, t);
          double[] truth = new double[3];
          truth[x[n]] = 1;
          double[] posterior = stepBack(truth, z[n], s, t);
          for (int j = 0; j < 3; j++) {
            nats += q(z, x, t) * posterior[j] * Math.log(posterior[j] / p[j]);
          }
        }
      }
    }
    return nats;
  }

  /** Returns -log p(x) of the chain, by its recursion over all states. */
  double[] chain() {
    double[] now = new double[27];
    Arrays.fill(now, 1.0 / 27);
    for (int i = steps; i > 0; i--) {
      double[] next = new double[27];
      for (int from = 0; from < 27; from++) {
        int[] z = denoiser.law().sequences()[from];
        double[][] p = new double[3][];
        for (int n = 0; n < 3; n++) {
          double t = (double) i / steps;
          p[n] = stepBack(denoiser.mu(z, n, t), z[n], (i - 1.0) / steps, t);
        }
        for (int to = 0; to < 27; to++) {
          int[] s = denoiser.law().sequences()[to];
          next[to] += now[from] * p[0][s[0]] * p[1][s[1]] * p[2][s[2]];
        }
      }
      now = next;
    }
    double[] nats = new double[27];
    for (int x = 0; x < 27; x++) {
      double sum = 0;
      for (int z = 0; z < 27; z++) {
        sum += now[z] * q(denoiser.law().sequences()[z], denoiser.law().sequences()[x], 0);
      }
      nats[x] = -Math.log(sum);
    }
    return nats;
  }

  /** Returns the bound of continuous time of a sequence: a quadrature of sums over all states. */
  double ctmc(int[] x) {
    int nodes = 500;
    double nats =
        3 * new UniformCtmcObjective(denoiser.law().space(), denoiser.schedule()).terms(0).total();
    for (int i = 0; i < nodes; i++) {
      double angle = Math.PI * (i + 0.5) / nodes;
      double t = (1 - Math.cos(angle)) / 2; // dense at both ends, where the integrand is steep
      nats += rate(x, t) * Math.sin(angle) / 2 * Math.PI / nodes;
    }
    return nats;
  }

  /** The divergence of the model's reverse rates from those given x, at one time. */
  private double rate(int[] x, double t) {
    double perJump = -denoiser.schedule().alphaPrime(t) / denoiser.schedule().alpha(t) / 3;
    double nats = 0;
    for (int[] z : denoiser.law().sequences()) {
      for (int n = 0; n < 3; n++) {
        double[] mu = denoiser.mu(z, n, t);
        for (int j = 0; j < 3; j++) {
          if (j != z[n]) {
            double ours = 0;
            for (int x0 = 0; x0 < 3; x0++) {
              ours += perJump * mu[x0] * q(j, x0, t) / q(z[n], x0, t);
            }
            double truth = perJump * q(j, x[n], t) / q(z[n], x[n], t);
            nats += q(z, x, t) * (ours - truth + truth * Math.log(truth / ours));
          }
        }
      }
    }
    return nats;
  }
}
