// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

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
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The DDiT kind against the numbers of MDLM's, SEDD's and RADD's own code. Losses and steps are
 * written here as their papers have them, in double, on the logits of our network.
 */
@Tag("golden")
final class DditPeersTest {
  private static final double EPSILON = 1e-3;
  private static final double FORBIDDEN = -1e6;

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

  static List<Peer> radd() {
    return Peer.of("radd");
  }

  private static double sigma(double t) {
    return NoiseFeatures.sigma(t);
  }

  private static double rate(double t) {
    return (1 - EPSILON) / (1 - (1 - EPSILON) * t);
  }

  private static double[] each(double[] values, DoubleUnaryOperator of) {
    return Arrays.stream(values).map(of).toArray();
  }

  private static double logSumExp(double[] x) {
    double max = Arrays.stream(x).max().orElseThrow();
    return max + Math.log(Arrays.stream(x).map(each -> Math.exp(each - max)).sum());
  }

  private static double[] logSoftmax(double[] x) {
    double sum = logSumExp(x);
    return each(x, each -> each - sum);
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  private static int[] flat(int[][] rows) {
    return Arrays.stream(rows).flatMapToInt(Arrays::stream).toArray();
  }

  /** Returns MDLM's substitution: no mask is guessed, and what is given stays. */
  private static double[][] subs(double[][] logits, int[][] zt) {
    int[] shown = flat(zt);
    int mask = logits[0].length - 1;
    double[][] logProbs = new double[logits.length][];
    for (int row = 0; row < logits.length; row++) {
      double[] x = logits[row].clone();
      x[mask] += FORBIDDEN;
      logProbs[row] = logSoftmax(x);
      if (shown[row] != mask) {
        Arrays.fill(logProbs[row], FORBIDDEN);
        logProbs[row][shown[row]] = 0;
      }
    }
    return logProbs;
  }

  private static double[] losses(double[][] logProbs, Peer peer, IntToDoubleFunction weight) {
    int[] x = flat(peer.tokens("x0"));
    int[] zt = flat(peer.tokens("xt"));
    int mask = logProbs[0].length - 1;
    int length = x.length / peer.tokens("x0").length;
    return IntStream.range(0, x.length)
        .mapToDouble(
            row ->
                zt[row] == mask ? -logProbs[row][x[row]] * weight.applyAsDouble(row / length) : 0)
        .toArray();
  }

  @ParameterizedTest
  @MethodSource("mdlm")
  void mdlm_isThatOfItsAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[][] zt = peer.tokens("xt");
      double[] t = peer.numbers("t");
      double[] sigmas = each(t, DditPeersTest::sigma);
      peer.check("sigma", sigmas, Peer.LOGITS);
      peer.check("dsigma", each(t, DditPeersTest::rate), Peer.LOGITS);
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
      peer.check("sigma_grid", each(t, DditPeersTest::sigma), Peer.LOGITS);
      peer.check("dsigma_grid", each(t, DditPeersTest::rate), Peer.LOGITS);
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
    double[][] logProbs = subs(loaded.raw(zt, each(t, DditPeersTest::sigma)), zt);
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
    double[][] all = subs(loaded.raw(zt, each(t, DditPeersTest::sigma)), zt);
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

  private static double[][] step(double[][] p, int mask, double reveals, double stays) {
    double[][] q = new double[p.length][];
    for (int row = 0; row < p.length; row++) {
      q[row] = each(p[row], each -> each * reveals);
      q[row][mask] = stays;
    }
    return q;
  }

  private static double[] score(double[] p, int shown, int mask, double sigma) {
    double[] score;
    if (shown == mask) {
      score = each(p, each -> each / Math.expm1(sigma));
      score[mask] = 1;
    } else {
      score = new double[p.length];
      score[shown] = 1;
      score[mask] = Math.expm1(sigma);
    }
    return score;
  }

  /** Returns the staggered score of SEDD's analytic step. */
  private static double[][] staggered(double[][] scores, int mask, double by) {
    double[][] staggered = new double[scores.length][];
    for (int row = 0; row < scores.length; row++) {
      double sum = Arrays.stream(scores[row]).sum();
      staggered[row] = each(scores[row], each -> each * Math.exp(by));
      staggered[row][mask] += (1 - Math.exp(by)) * sum;
    }
    return staggered;
  }

  private static double[][] analytic(double[][] scores, int[] shown, int mask, double by) {
    double[][] q = staggered(scores, mask, by);
    for (int row = 0; row < q.length; row++) {
      for (int y = 0; y < q[row].length; y++) {
        double moves = shown[row] == mask ? -Math.expm1(-by) : 0;
        q[row][y] *= moves + (y == shown[row] ? Math.exp(-by) : 0);
      }
    }
    return q;
  }

  @ParameterizedTest
  @MethodSource("d3pm")
  void d3pm_isThatOfItsAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[][] zt = peer.tokens("xt");
      double[] sigmas = each(peer.numbers("t"), DditPeersTest::sigma);
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
        Arrays.stream(logits).map(DditPeersTest::logSoftmax).toArray(double[][]::new);
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
      double[] sigmas = each(t, DditPeersTest::sigma);
      peer.check("sigma", sigmas, Peer.LOGITS);
      peer.check("dsigma", each(t, DditPeersTest::rate), Peer.LOGITS);
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

  @ParameterizedTest
  @MethodSource("radd")
  void radd_isThatOfItsAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[] zt = flat(peer.tokens("xt"));
      double[] t = peer.numbers("t");
      int mask = loaded.mask();
      double[] sigmas = each(t, DditPeersTest::sigma);
      peer.check("sigma", sigmas, Peer.LOGITS);
      peer.check("dsigma", each(t, DditPeersTest::rate), Peer.LOGITS);
      double[][] logits = loaded.raw(peer.tokens("xt"), sigmas);
      peer.check("logits", flat(logits), Peer.LOGITS);
      double[][] conditions = new double[logits.length][];
      for (int row = 0; row < logits.length; row++) {
        conditions[row] = logSoftmax(Arrays.copyOf(logits[row], mask));
        conditions[row] = Arrays.copyOf(conditions[row], mask + 1);
        conditions[row][mask] = logits[row][mask];
      }
      peer.check("log_condition", flat(conditions), Peer.LOGITS);
      checkRadd(peer, conditions, zt, t);
      checkDirect(peer, conditions, zt);
    }
  }

  private static void checkRadd(Peer peer, double[][] conditions, int[] zt, double[] t) {
    int length = zt.length / t.length;
    double[] nats = sums(losses(conditions, peer, b -> 1), length);
    int mask = conditions[0].length - 1;
    double[] masked = new double[t.length];
    for (int row = 0; row < zt.length; row++) {
      masked[row / length] += zt[row] == mask ? 1 : 0;
    }
    double[] lambda = peer.offers("lambda") ? peer.numbers("lambda") : new double[t.length];
    double[] k = peer.offers("k") ? peer.numbers("k") : new double[t.length];
    double[] byTime = new double[t.length];
    double[] asCoded = new double[t.length];
    double[] byShare = new double[t.length];
    double[] byCount = new double[t.length];
    for (int b = 0; b < t.length; b++) {
      double odds = Math.expm1(sigma(t[b]));
      byTime[b] = rate(t[b]) * nats[b] / odds;
      asCoded[b] = byTime[b] + rate(t[b]) * masked[b] * Math.log(odds) / odds;
      byShare[b] = nats[b] / lambda[b];
      byCount[b] = length / k[b] * nats[b];
    }
    peer.check("t_DSE", byTime, Peer.LOSSES);
    peer.check("t_DCE", asCoded, Peer.LOSSES);
    peer.check("lambda_DCE", byShare, Peer.LOSSES);
    peer.check("k_DCE", byCount, Peer.LOSSES);
  }

  private static double[] sums(double[] values, int length) {
    double[] sums = new double[values.length / length];
    for (int i = 0; i < values.length; i++) {
      sums[i / length] += values[i];
    }
    return sums;
  }

  /** Both shares are dt / t for this noise. */
  private static void checkDirect(Peer peer, double[][] conditions, int[] zt) {
    if (!peer.offers("steps")) {
      return;
    }
    int steps = (int) peer.numbers("steps")[0];
    double dt = (1 - 1e-5) / steps;
    double[] shares = IntStream.range(0, steps).mapToDouble(i -> dt / (1 - i * dt)).toArray();
    peer.check("update_rate_tweedie", shares, Peer.LOSSES);
    peer.check("update_rate_euler", shares, Peer.LOSSES);
    if (!peer.offers("direct_step")) {
      return;
    }
    int step = (int) peer.numbers("direct_step")[0];
    int mask = conditions[0].length - 1;
    int length = peer.tokens("xt")[0].length;
    double[][] q =
        IntStream.range(0, length)
            .filter(row -> zt[row] == mask)
            .mapToObj(
                row -> {
                  double[] p = each(conditions[row], each -> Math.exp(each) * shares[step]);
                  p[mask] = 1 - shares[step];
                  return p;
                })
            .toArray(double[][]::new);
    peer.check("direct_probs", flat(q), Peer.LOSSES);
  }
}
