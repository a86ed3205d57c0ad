// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import static io.github.md4.core.network.ddit.DditFormulas.each;
import static io.github.md4.core.network.ddit.DditFormulas.flat;
import static io.github.md4.core.network.ddit.DditFormulas.logSoftmax;
import static io.github.md4.core.network.ddit.DditFormulas.losses;
import static io.github.md4.core.network.ddit.DditFormulas.rate;
import static io.github.md4.core.network.ddit.DditFormulas.sigma;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.published.Peer;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** RADD's network against the numbers of its own code. */
@Tag("golden")
final class RaddPeersTest {
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  static List<Peer> radd() {
    return Peer.of("radd");
  }

  @ParameterizedTest
  @MethodSource("radd")
  void radd_isThatOfItsAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[] zt = flat(peer.tokens("xt"));
      double[] t = peer.numbers("t");
      int mask = loaded.mask();
      double[] sigmas = each(t, DditFormulas::sigma);
      peer.check("sigma", sigmas, Peer.LOGITS);
      peer.check("dsigma", each(t, DditFormulas::rate), Peer.LOGITS);
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
