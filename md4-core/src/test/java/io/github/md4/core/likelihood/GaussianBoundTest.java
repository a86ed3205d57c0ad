// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.GaussianObjective;
import io.github.md4.core.diffusion.GaussianProcess;
import io.github.md4.core.diffusion.NoisyVectors;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TinyLaw;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.NoiseCurve;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The bound of Gaussian diffusion on models whose value is known. */
final class GaussianBoundTest {
  private static final int WIDTH = 2;
  private static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Linear(), 0.002);
  private static final TinyLaw LAW = TinyLaw.random(3, 2);

  /** Three unit directions of the plane, of squared length 2. */
  private static final double[][] EMBEDDINGS = embeddings();

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private static double[][] embeddings() {
    double[][] e = new double[3][];
    for (int v = 0; v < 3; v++) {
      double angle = 2 + 2.1 * v;
      e[v] = new double[] {Math.sqrt(2) * Math.cos(angle), Math.sqrt(2) * Math.sin(angle)};
    }
    return e;
  }

  /** A guess of an example's clean tokens from its state. */
  private interface Guess {
    /** Returns the probabilities [N][V]. */
    double[][] mu(double[][] z, double scale);
  }

  /** The posterior of each token given all vectors, under a law of sequences. */
  private static double[][] posterior(double[][] z, double scale, double[] law, int[][] sequences) {
    double[] logs = new double[law.length];
    for (int i = 0; i < law.length; i++) {
      logs[i] = Math.log(law[i]);
      for (int n = 0; n < z.length; n++) {
        double[] e = EMBEDDINGS[sequences[i][n]];
        logs[i] += scale / (1 - scale * scale) * (z[n][0] * e[0] + z[n][1] * e[1]);
      }
    }
    double most = Arrays.stream(logs).max().orElseThrow();
    double sum = Arrays.stream(logs).map(l -> Math.exp(l - most)).sum();
    double[][] mu = new double[z.length][3];
    for (int i = 0; i < law.length; i++) {
      for (int n = 0; n < z.length; n++) {
        mu[n][sequences[i][n]] += Math.exp(logs[i] - most) / sum;
      }
    }
    return mu;
  }

  /** Outputs as a network's: logits, guess, squared distance; a linear guess where mu is null. */
  private static Denoiser denoiser(Guess of, double linear) {
    return (zt, condition, rows) -> {
      long[] tokens = zt.toLongArray();
      int length = (int) zt.getShape().get(1);
      long[] at = rows.toLongArray();
      float[] out = new float[at.length * 6];
      for (int r = 0; r < at.length; r++) {
        int b = (int) at[r] / length;
        NoisyVectors shown = condition.vectors().get(b);
        double[][] z = new double[length][WIDTH];
        for (int n = 0; n < length; n++) {
          double[] e = EMBEDDINGS[(int) tokens[b * length + n]];
          for (int d = 0; d < WIDTH; d++) {
            z[n][d] = shown.scale() * e[d] + shown.added()[n * WIDTH + d];
          }
        }
        int n = (int) at[r] % length;
        double[] mu = of.mu(z, shown.scale())[n];
        double distance = 0;
        for (int d = 0; d < WIDTH; d++) {
          double guess = linear * shown.scale() * z[n][d];
          for (int v = 0; v < 3; v++) {
            out[r * 6 + v] = (float) Math.log(Math.max(mu[v], 1e-30));
            guess += linear == 0 ? mu[v] * EMBEDDINGS[v][d] : 0;
          }
          out[r * 6 + 3 + d] = (float) guess;
          double e = EMBEDDINGS[(int) tokens[b * length + n]][d];
          distance += (e - guess) * (e - guess);
        }
        out[r * 6 + 5] = (float) distance;
      }
      return zt.getManager().create(out, new Shape(at.length, 6));
    };
  }

  /** The mean bound of the law's sequences by low-discrepancy times, and its standard error. */
  private double[] bound(GaussianObjective objective, Denoiser denoiser, int draws) {
    double[] law = LAW.probabilities();
    Noise noise = new Noise(7);
    int parts = 16;
    double[] means = new double[parts];
    for (int part = 0; part < parts; part++) {
      List<Query> queries = new ArrayList<>();
      int[][] x = new int[draws][];
      double[] pick = noise.uniforms(Purpose.SOURCE, 1, part, draws);
      double shift = noise.uniform(Purpose.TIME, 0, part, 0);
      for (int i = 0; i < draws; i++) {
        x[i] = LAW.sequences()[index(law, (pick[i] + i) / draws)];
        double v = ((i * 0.6180339887498949) + shift) % 1;
        double[] u = noise.uniforms(Purpose.MASK, part, i, 2);
        queries.add(objective.query(x[i], v, u));
      }
      int[] labels = new int[draws];
      Arrays.fill(labels, Condition.NO_LABEL);
      QueryBatch batch = QueryBatch.of(x, labels, queries);
      double[] values = batch.values(batch.losses(manager, denoiser, objective.rowLoss()));
      double perToken = Arrays.stream(values).sum() / draws / 2;
      means[part] = 2 * objective.terms(perToken).total();
    }
    double mean = Arrays.stream(means).sum() / parts;
    double square = Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum();
    return new double[] {mean, Math.sqrt(square / parts / (parts - 1))};
  }

  private static int index(double[] law, double u) {
    double sum = 0;
    for (int i = 0; i < law.length; i++) {
      sum += law[i];
      if (u < sum) {
        return i;
      }
    }
    return law.length - 1;
  }

  /**
   * Two shapes of a learned noise between the same ends: one bound, that of the quadrature, and the
   * estimate's error is less under the shape that follows the loss.
   */
  @Test
  @Tag("statistical")
  void shape_doesNotChangeTheBound_andChangesItsError() {
    double[][] even = new double[2][3];
    for (double[] each : even) {
      Arrays.fill(each, 1.0 / 3);
    }
    // Under the linear guess f(l) is D / 2 alpha: the time should be spent where alpha is large.
    NoiseCurve follows = new NoiseCurve(4, -8, new double[] {0.32, 0.5, 0.16, 0.02});
    NoiseCurve against = new NoiseCurve(4, -8, new double[] {0.05, 0.15, 0.3, 0.5});
    double expected =
        WIDTH * Math.log((1 + Math.exp(4)) / (1 + Math.exp(-8)))
            + 2 * Math.log(3)
            + WIDTH * Math.log1p(Math.exp(-8));
    double[] good = bound(objective(follows), denoiser((z, scale) -> even, 1), 2_000);
    double[] bad = bound(objective(against), denoiser((z, scale) -> even, 1), 2_000);
    assertThat(good[0]).isCloseTo(expected, within(5 * good[1]));
    assertThat(bad[0]).isCloseTo(expected, within(5 * bad[1]));
    assertThat(bad[1]).isGreaterThan(1.2 * good[1]);
    assertThat(bad[1]).isLessThan(0.05 * expected);
  }

  private static GaussianObjective objective(NoiseCurve curve) {
    return new GaussianObjective(
        LAW.space(), new GaussianProcess(new MaskingSchedule(curve, 0), WIDTH));
  }

  private static GaussianObjective objective() {
    return new GaussianObjective(LAW.space(), new GaussianProcess(SCHEDULE, WIDTH));
  }

  /**
   * A linear guess of vectors of the squared length D has the distance {@code D (1 - c scale^2)^2 +
   * ...}; with c = 1 the integral is {@code D / 2 log((1 - alpha_1) / (1 - alpha_0))}, which is
   * also computed by Simpson's rule.
   */
  @Test
  @Tag("statistical")
  void linearGuess_hasTheBoundOfAPlainQuadrature() {
    double[][] even = new double[2][3];
    for (double[] each : even) {
      Arrays.fill(each, 1.0 / 3);
    }
    double[] found = bound(objective(), denoiser((z, scale) -> even, 1), 4_000);
    double closed =
        2 * WIDTH / 2.0 * Math.log(SCHEDULE.oneMinusAlpha(1) / SCHEDULE.oneMinusAlpha(0));
    double quadrature = 2 * simpson(4_000);
    assertThat(quadrature).isCloseTo(closed, within(1e-6 * closed));
    double prior = -WIDTH * Math.log(SCHEDULE.oneMinusAlpha(1));
    double expected = closed + 2 * Math.log(3) + prior;
    assertThat(found[0]).isCloseTo(expected, within(5 * found[1]));
    assertThat(found[1]).isLessThan(0.02 * expected);
  }

  /** The diffusion term of a token under the linear guess, over the log signal-to-noise ratio. */
  private static double simpson(int intervals) {
    double low = SCHEDULE.logSnr(1);
    double h = (SCHEDULE.logSnr(0) - low) / intervals;
    double sum = 0;
    for (int i = 0; i <= intervals; i++) {
      double snr = Math.exp(low + i * h);
      double alpha = snr / (1 + snr);
      // |e - scale z|^2 = |(1 - alpha) e - scale sigma noise|^2, in expectation over the noise
      double distance = WIDTH * ((1 - alpha) * (1 - alpha) + alpha * (1 - alpha));
      int weight = i == 0 || i == intervals ? 1 : i % 2 == 0 ? 2 : 4;
      sum += weight * snr / 2 * distance;
    }
    return sum * h / 3;
  }

  /**
   * With the exact posterior the bound of continuous time is the entropy of the law, but for what
   * is left at both ends (Guo, Shamai, Verdu, 2005); without the other token it is the entropy of
   * the tokens apart, and more.
   */
  @Test
  @Tag("statistical")
  void exactPosterior_hasTheEntropyAsItsBound_andNoGuessHasLess() {
    double[] law = LAW.probabilities();
    double entropy = -Arrays.stream(law).map(p -> p * Math.log(p)).sum();
    double[] exact =
        bound(
            objective(),
            denoiser((z, scale) -> posterior(z, scale, law, LAW.sequences()), 0),
            4_000);
    assertThat(exact[0]).isCloseTo(entropy, within(5 * exact[1] + 1e-3));
    assertThat(exact[1]).isLessThan(0.01 * entropy);
    double[] apart = apart(law);
    double ofApart = -Arrays.stream(apart).map(p -> p * Math.log(p)).sum();
    double[] alone =
        bound(
            objective(),
            denoiser((z, scale) -> posterior(z, scale, apart, LAW.sequences()), 0),
            4_000);
    assertThat(ofApart).isGreaterThan(entropy + 0.01);
    assertThat(alone[0]).isCloseTo(ofApart, within(5 * alone[1] + 1e-3));
  }

  private static double[] apart(double[] law) {
    double[][] marginals = new double[2][3];
    for (int i = 0; i < law.length; i++) {
      for (int n = 0; n < 2; n++) {
        marginals[n][LAW.sequences()[i][n]] += law[i];
      }
    }
    double[] product = new double[law.length];
    for (int i = 0; i < law.length; i++) {
      product[i] = marginals[0][LAW.sequences()[i][0]] * marginals[1][LAW.sequences()[i][1]];
    }
    return product;
  }

  @Test
  @Tag("statistical")
  void normals_areStandardAndIndependent() {
    GaussianProcess process = new GaussianProcess(SCHEDULE, 3);
    int count = 60_000;
    double[] u = new Noise(5).uniforms(Purpose.SOURCE, 0, 0, count);
    double[] moments = new double[8];
    for (double each : u) {
      double[] z = process.normals(each);
      for (int d = 0; d < 3; d++) {
        moments[d] += z[d] / count;
        moments[3] += z[d] * z[d] / count / 3;
        moments[4] += z[d] * z[d] * z[d] * z[d] / count / 3;
      }
      moments[5] += z[0] * z[1] / count;
      moments[6] += z[0] * z[2] / count;
      moments[7] += z[1] * z[2] / count;
      assertThat(process.normals(each)).isEqualTo(z);
    }
    for (int i : new int[] {0, 1, 2, 5, 6, 7}) {
      assertThat(moments[i]).isCloseTo(0, within(5 / Math.sqrt(count)));
    }
    assertThat(moments[3]).isCloseTo(1, within(5 * Math.sqrt(2.0 / 3 / count)));
    assertThat(moments[4]).isCloseTo(3, within(5 * Math.sqrt(96.0 / 3 / count)));
  }

  @Test
  void kind_readsItsWidth_andRefusesWhatItHasNot() {
    ObjectiveKind kind = ObjectiveKind.parse("gaussian(4)");
    assertThat(kind.vectorWidth()).isEqualTo(4);
    assertThat(ObjectiveKind.parse(kind.toString())).isEqualTo(kind);
    assertThat(ObjectiveKind.parse("gaussian").vectorWidth()).isEqualTo(16);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ObjectiveKind.parse("gaussian(0)"))
        .withMessage("the width of vectors must be at least 1: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ObjectiveKind.parse("gaussian(x)"))
        .withMessage("objective must be written gaussian or gaussian(WIDTH): x");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kind.of(LAW.space(), SCHEDULE, new TimeAxis.Discrete(10)))
        .withMessageContaining("continuous");
    assertThat(kind.anyOrder(LAW.space(), SCHEDULE)).isEmpty();
  }
}
