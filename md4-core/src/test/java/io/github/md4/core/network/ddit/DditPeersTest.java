// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import static io.github.md4.core.network.ddit.DditFormulas.EPSILON;
import static io.github.md4.core.network.ddit.DditFormulas.FORBIDDEN;
import static io.github.md4.core.network.ddit.DditFormulas.analytic;
import static io.github.md4.core.network.ddit.DditFormulas.each;
import static io.github.md4.core.network.ddit.DditFormulas.flat;
import static io.github.md4.core.network.ddit.DditFormulas.logSoftmax;
import static io.github.md4.core.network.ddit.DditFormulas.losses;
import static io.github.md4.core.network.ddit.DditFormulas.rate;
import static io.github.md4.core.network.ddit.DditFormulas.score;
import static io.github.md4.core.network.ddit.DditFormulas.sigma;
import static io.github.md4.core.network.ddit.DditFormulas.staggered;
import static io.github.md4.core.network.ddit.DditFormulas.step;
import static io.github.md4.core.network.ddit.DditFormulas.subs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.diffusion.ScoreEntropyObjective;
import io.github.md4.core.published.Peer;
import io.github.md4.core.published.PublishedFolder;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The DDiT kind against the numbers of MDLM's and SEDD's own code. Losses and steps are those of
 * their papers, in double, on the logits of our network.
 */
@Tag("golden")
final class DditPeersTest {
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  static List<Peer> mdlm() {
    return Peer.of(peer -> !peer.has("T"), "mdlm");
  }

  static List<Peer> d3pm() {
    return Peer.of(peer -> peer.has("T"), "mdlm");
  }

  static List<Peer> sedd() {
    return Peer.of("sedd");
  }

  @ParameterizedTest
  @MethodSource("mdlm")
  void mdlm_isThatOfItsAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[][] zt = peer.tokens("xt");
      double[] t = peer.numbers("t");
      double[] sigmas = each(t, DditFormulas::sigma);
      peer.check("sigma", sigmas, Peer.LOGITS);
      peer.check("dsigma", each(t, DditFormulas::rate), Peer.LOGITS);
      checkGrid(peer);
      double[][] logits = loaded.raw(zt, sigmas);
      peer.check("logits", flat(logits), Peer.LOGITS);
      double[][] logProbs = subs(logits, zt);
      peer.check("subs_log_probs", flat(logProbs), Peer.LOGITS);
      peer.check("nll", losses(logProbs, peer, b -> 1 / t[b]), Peer.LOSSES);
      checkChangeOfVariables(peer, loaded, zt, t);
      checkDiscrete(peer, loaded, zt);
      checkSteps(peer, loaded, zt);
      checkImportance(peer);
    }
  }

  private static void checkGrid(Peer peer) {
    if (peer.offers("t_grid")) {
      double[] t = peer.numbers("t_grid");
      peer.check("sigma_grid", each(t, DditFormulas::sigma), Peer.LOGITS);
      peer.check("dsigma_grid", each(t, DditFormulas::rate), Peer.LOGITS);
    }
  }

  /** The network is told the time itself, and the weight is one number. */
  private static void checkChangeOfVariables(Peer peer, LoadedDdit loaded, int[][] zt, double[] t) {
    double[][] logProbs = subs(loaded.raw(zt, t), zt);
    double f0 = Math.log1p(-Math.exp(-EPSILON));
    peer.check("nll_change_of_variables", losses(logProbs, peer, b -> -f0), Peer.LOSSES);
  }

  private static void checkDiscrete(Peer peer, LoadedDdit loaded, int[][] zt) {
    if (!peer.offers("discrete_t")) {
      return;
    }
    double[] t = peer.numbers("discrete_t");
    if (peer.offers("discrete_T")) {
      double steps = peer.numbers("discrete_T")[0];
      assertThat(each(t, time -> Math.rint(time * steps) / steps)).containsExactly(t, within(1e-7));
    }
    double[][] logProbs = subs(loaded.raw(zt, each(t, DditFormulas::sigma)), zt);
    peer.check("discrete_nll", losses(logProbs, peer, b -> 1 / t[b]), Peer.LOSSES);
  }

  private static void checkImportance(Peer peer) {
    if (!peer.offers("importance_u")) {
      return;
    }
    double f0 = Math.log1p(-Math.exp(-EPSILON));
    double fT = Math.log1p(-Math.exp(Math.log(EPSILON)));
    double[] ours =
        each(
            peer.numbers("importance_u"),
            u -> {
              double s = -Math.log1p(-Math.exp(u * fT + (1 - u) * f0));
              return -Math.expm1(-s) / (1 - EPSILON);
            });
    peer.check("importance_t", ours, Peer.LOSSES);
  }

  private static void checkSteps(Peer peer, LoadedDdit loaded, int[][] zt) {
    if (!peer.offers("step_t")) {
      return;
    }
    double[] t = peer.numbers("step_t");
    double dt = peer.numbers("step_dt")[0];
    int length = zt[0].length;
    double[][] all = subs(loaded.raw(zt, each(t, DditFormulas::sigma)), zt);
    double[][] p = new double[length][];
    for (int row = 0; row < length; row++) {
      p[row] = each(all[row], Math::exp);
    }
    double s = t[0] - dt;
    int mask = loaded.mask();
    peer.check("ddpm_cache_probs", flat(step(p, mask, dt, s)), Peer.LOSSES);
    double moveT = (1 - EPSILON) * t[0];
    double moveS = (1 - EPSILON) * s;
    peer.check("ddpm_probs", flat(step(p, mask, moveT - moveS, moveS)), Peer.LOSSES);
    double[][] scores = new double[length][];
    for (int row = 0; row < length; row++) {
      scores[row] = score(p[row], zt[0][row], mask, sigma(t[0]));
    }
    double by = sigma(t[0]) - sigma(s);
    peer.check("analytic_probs", flat(analytic(scores, zt[0], mask, by)), Peer.LOSSES);
    double[][] last = analytic(scores, zt[0], mask, sigma(t[0]));
    Arrays.stream(last).forEach(row -> row[mask] = 0);
    peer.check("denoiser_probs", flat(last), Peer.LOSSES);
  }

  @ParameterizedTest
  @MethodSource("d3pm")
  void d3pm_isThatOfItsAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[][] zt = peer.tokens("xt");
      double[] sigmas = each(peer.numbers("t"), DditFormulas::sigma);
      peer.check("sigma", sigmas, Peer.LOGITS);
      double[][] logits = loaded.raw(zt, sigmas);
      peer.check("logits", flat(logits), Peer.LOGITS);
      double[][] clean = loaded.raw(peer.tokens("x0"), new double[zt.length]);
      checkD3pm(peer, logits, clean, "");
      int mask = loaded.mask();
      Arrays.stream(logits).forEach(row -> row[mask] += FORBIDDEN);
      Arrays.stream(clean).forEach(row -> row[mask] += FORBIDDEN);
      checkD3pm(peer, logits, clean, "_subs_masking");
    }
  }

  private static void checkD3pm(Peer peer, double[][] logits, double[][] clean, String ending) {
    int[] x = flat(peer.tokens("x0"));
    int[] zt = flat(peer.tokens("xt"));
    double[] t = peer.numbers("t");
    double steps = peer.numbers("T")[0];
    int mask = logits[0].length - 1;
    double[][] logProbs =
        Arrays.stream(logits).map(DditFormulas::logSoftmax).toArray(double[][]::new);
    peer.check("log_probs" + ending, flat(logProbs), Peer.LOGITS);
    double[] bound = new double[x.length];
    double[] reconstruction = new double[x.length];
    double[] loss = new double[x.length];
    for (int row = 0; row < x.length; row++) {
      double time = Math.min(t[row * t.length / x.length], 1 - 1e-4);
      bound[row] = zt[row] == mask ? bound(logProbs[row], x[row], mask, time, steps) : 0;
      reconstruction[row] = -logSoftmax(clean[row])[x[row]];
      loss[row] = bound[row] + reconstruction[row];
    }
    peer.check("vb" + ending, bound, Peer.LOSSES);
    peer.check("reconstruction" + ending, reconstruction, Peer.LOSSES);
    if (peer.has("loss" + ending)) {
      peer.check("loss" + ending, loss, Peer.LOSSES);
    }
    // In the first step t - dt is 0: the published code is NaN, the limit of the formula is not.
    if (peer.offers("edge_vb_is_nan")) {
      assertThat(peer.get("edge_vb_is_nan").getAsBoolean()).isTrue();
    }
    assertThat(bound(logProbs[0], x[0], mask, 1 / steps, steps)).isFinite();
  }

  private static double bound(double[] logProbs, int x, int mask, double t, double steps) {
    double dt = 1 / steps;
    double p = Math.exp(logProbs[mask]);
    double at = Math.log((1 - t) * p / t + 1);
    double first = dt / t * (at - logProbs[x]);
    double share = 1 - dt / t;
    return steps
        * (first + (share == 0 ? 0 : share * (at - Math.log((1 - t + dt) * p / (t - dt) + 1))));
  }

  @ParameterizedTest
  @MethodSource("sedd")
  void sedd_isThatOfItsAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[] zt = flat(peer.tokens("xt"));
      int[] x = flat(peer.tokens("x0"));
      double[] t = peer.numbers("t");
      int length = x.length / t.length;
      int mask = loaded.mask();
      double[] sigmas = each(t, DditFormulas::sigma);
      peer.check("sigma", sigmas, Peer.LOGITS);
      peer.check("dsigma", each(t, DditFormulas::rate), Peer.LOGITS);
      checkGrid(peer);
      double[][] logScores = loaded.raw(peer.tokens("xt"), sigmas);
      boolean isScaled = isScaledBySigma(peer);
      double[] losses = new double[x.length];
      double[] sums = new double[t.length];
      for (int row = 0; row < x.length; row++) {
        double shift = isScaled ? Math.log(Math.expm1(sigmas[row / length])) + Math.log(mask) : 0;
        logScores[row] = each(logScores[row], each -> each - shift);
        logScores[row][zt[row]] = 0;
        losses[row] = zt[row] == mask ? entropy(logScores[row], x[row], sigmas[row / length]) : 0;
        sums[row / length] += rate(t[row / length]) * losses[row];
      }
      peer.check("log_score", flat(logScores), Peer.LOGITS);
      peer.check("score_entropy", losses, Peer.LOSSES);
      peer.check("loss", sums, Peer.LOSSES);
      checkSteps(peer, Arrays.copyOf(logScores, length), peer.tokens("xt")[0], t[0]);
    }
  }

  private static boolean isScaledBySigma(Peer peer) throws IOException {
    try (PublishedFolder folder = peer.open()) {
      ObjectiveKind objective = folder.description().config().objective();
      return objective.equals(new ScoreEntropyObjective.Kind(ScoreEntropyObjective.Scale.BY_SIGMA));
    }
  }

  private static double entropy(double[] logScores, int x, double sigma) {
    double r = 1 / Math.expm1(sigma);
    int mask = logScores.length - 1;
    double sum = Arrays.stream(logScores, 0, mask).map(Math::exp).sum();
    return sum - r * logScores[x] + r * (Math.log(r) - 1);
  }

  private static void checkSteps(Peer peer, double[][] logScores, int[] zt, double t) {
    if (!peer.offers("step_dt")) {
      return;
    }
    double dt = peer.numbers("step_dt")[0];
    int mask = logScores[0].length - 1;
    double[][] scores = new double[zt.length][];
    double[][] euler = new double[zt.length][];
    for (int row = 0; row < zt.length; row++) {
      scores[row] = each(logScores[row], Math::exp);
      euler[row] = euler(scores[row], zt[row], mask, dt * rate(t));
    }
    peer.check("euler_probs", flat(euler), Peer.LOSSES);
    double by = sigma(t) - sigma(t - dt);
    peer.check("staggered_score", flat(staggered(scores, mask, by)), Peer.LOSSES);
    peer.check("analytic_probs", flat(analytic(scores, zt, mask, by)), Peer.LOSSES);
    double[][] last = analytic(scores, zt, mask, sigma(t));
    double[][] cut =
        Arrays.stream(last).map(row -> Arrays.copyOf(row, mask)).toArray(double[][]::new);
    peer.check("denoiser_probs", flat(cut), Peer.LOSSES);
  }

  private static double[] euler(double[] scores, int shown, int mask, double by) {
    double[] q = new double[scores.length];
    q[shown] = 1;
    if (shown == mask) {
      q = each(scores, each -> by * each);
      q[mask] = 1 - by * Arrays.stream(scores, 0, mask).sum();
    }
    return q;
  }
}
