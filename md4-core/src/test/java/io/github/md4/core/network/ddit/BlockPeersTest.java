// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.BlockObjective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.published.Peer;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Block diffusion against the numbers of BD3-LM's own code. */
@Tag("golden")
final class BlockPeersTest {
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  static List<Peer> peers() {
    return Peer.of("bd3lm");
  }

  static List<Peer> withBlocks() {
    return Peer.of(peer -> peer.offers("sample_logits"), "bd3lm");
  }

  static List<Peer> withSteps() {
    return Peer.of(peer -> peer.offers("step_t") && peer.offers("nucleus_p"), "bd3lm");
  }

  static List<Peer> withLosses() {
    return Peer.of(peer -> peer.offers("nll"), "bd3lm");
  }

  private static int[][] columns(int[][] ids, int from, int to) {
    return Arrays.stream(ids).map(row -> Arrays.copyOfRange(row, from, to)).toArray(int[][]::new);
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  /** Noisy and clean tokens in one pass, as in training. */
  @ParameterizedTest
  @MethodSource("peers")
  void trainingPass_isThatOfTheAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[][] zt = peer.tokens("xt");
      int[][] x = peer.tokens("x0");
      int n = zt[0].length;
      int[][] both = new int[zt.length][];
      for (int b = 0; b < both.length; b++) {
        both[b] = IntStream.concat(Arrays.stream(zt[b]), Arrays.stream(x[b])).toArray();
      }
      BlockMask mask = BlockMask.ofBoth(n, loaded.config().blockSize());
      double[] allowed =
          Arrays.stream(mask.allowed())
              .flatMapToDouble(row -> IntStream.range(0, 2 * n).mapToDouble(i -> row[i] ? 1 : 0))
              .toArray();
      peer.check("attention_mask", allowed, 0);
      int[] positions = IntStream.range(0, 2 * n).map(i -> i % n).toArray();
      Shape shape = new Shape(2L * n, 1, loaded.config().headWidth());
      NDList places = loaded.network().angles().tables(manager, positions, shape);
      places.add(mask.array(manager));
      double[][] all = loaded.raw(both, new double[both.length], places);
      double[][] noisy =
          IntStream.range(0, all.length)
              .filter(row -> row % (2 * n) < n)
              .mapToObj(row -> all[row])
              .toArray(double[][]::new);
      peer.check("train_logits", flat(noisy), Peer.LOGITS);
      checkLosses(peer, noisy, loaded.mask());
    }
  }

  /** A query about one block has the logits, and so the loss, of the pass over all of them. */
  @ParameterizedTest
  @MethodSource("withLosses")
  void boundOfABlock_isThatOfTheAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int[][] zt = peer.tokens("xt");
      int[][] x = peer.tokens("x0");
      int n = zt[0].length;
      int block = loaded.config().blockSize();
      double[] p = peer.numbers("p");
      double[] losses = new double[zt.length * n];
      for (int row = 0; row < losses.length; row++) {
        int first = row % n / block * block;
        if (zt[row / n][row % n] == loaded.mask()) {
          losses[row] = loss(loaded, zt[row / n], x[row / n], row % n, first, p[row]);
        }
      }
      peer.check("nll", losses, Peer.LOSSES);
    }
  }

  /** Returns the loss of a position from the query that masks what the authors' noise masks. */
  private double loss(LoadedDdit loaded, int[] zt, int[] x, int position, int first, double t) {
    int block = loaded.config().blockSize();
    int blocks = zt.length / block;
    BlockObjective objective = new BlockObjective(new TokenSpace(loaded.mask()), block);
    double[] u = new double[zt.length];
    for (int n = 0; n < u.length; n++) {
      u[n] = zt[n] == loaded.mask() ? 0 : 1;
    }
    int before = first / block;
    double v = (before + (t - 1e-3) / (1 - 1e-3)) / blocks;
    Query query = objective.query(x, v, u);
    assertThat(query.weight() / blocks).isCloseTo(1 / t, within(1e-6 / t));
    NDList places = loaded.network().angles().tables(manager, zt.length);
    places.add(BlockMask.causal(zt.length, block).array(manager));
    double[][] logits = loaded.raw(new int[][] {query.zt()}, new double[1], places);
    double mu = softmax(logits[position], loaded.mask())[x[position]];
    return -Math.log(mu) * query.weight() / blocks;
  }

  private static void checkLosses(Peer peer, double[][] logits, int mask) {
    double[] p = peer.numbers("p");
    int[] zt = Arrays.stream(peer.tokens("xt")).flatMapToInt(Arrays::stream).toArray();
    int[] x = Arrays.stream(peer.tokens("x0")).flatMapToInt(Arrays::stream).toArray();
    double[] losses = new double[x.length];
    for (int row = 0; row < losses.length; row++) {
      losses[row] = zt[row] == mask ? -Math.log(softmax(logits[row], mask)[x[row]]) / p[row] : 0;
    }
    peer.check("nll", losses, Peer.LOSSES);
  }

  private static double[] softmax(double[] logits, int mask) {
    double max = Arrays.stream(logits, 0, mask).max().orElseThrow();
    double sum = Arrays.stream(logits, 0, mask).map(each -> Math.exp(each - max)).sum();
    double[] p = new double[logits.length];
    for (int y = 0; y < mask; y++) {
      p[y] = Math.exp(logits[y] - max) / sum;
    }
    return p;
  }

  /**
   * Clean blocks and a noisy one: over all of them, and of the last with a memory of the others.
   */
  @ParameterizedTest
  @MethodSource("withBlocks")
  void samplingPass_isThatOfTheAuthorsCode_withAndWithoutMemory(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer);
        BlockMemory memory = loaded.network().memory(manager, loaded.weights()::of)) {
      int block = loaded.config().blockSize();
      for (int k = 0; k < peer.get("block_inputs").getAsJsonArray().size(); k++) {
        int[][] ids = Peer.tokens(peer.get("block_inputs").getAsJsonArray().get(k));
        double[] theirs = Peer.numbers(peer.get("sample_logits").getAsJsonArray().get(k));
        double[] uncached = flat(last(loaded, ids, block));
        Peer.check(peer + " block " + k, uncached, theirs, Peer.LOGITS);
        double[] cached = flat(remembered(loaded, memory, ids, block));
        Peer.check(peer + " cached block " + k, cached, uncached, 1e-5);
        if (peer.offers("sample_logits_cached")) {
          double[] remembered =
              Peer.numbers(peer.get("sample_logits_cached").getAsJsonArray().get(k));
          Peer.check(peer + " cached block " + k, cached, remembered, Peer.LOGITS);
        }
        int n = ids[0].length;
        memory.remember(loaded.array(columns(peer.tokens("x0"), n - block, n)));
      }
    }
  }

  private double[][] last(LoadedDdit loaded, int[][] ids, int block) {
    int length = ids[0].length;
    NDList places = loaded.network().angles().tables(manager, length);
    places.add(BlockMask.causal(length, block).array(manager));
    double[][] all = loaded.raw(ids, new double[ids.length], places);
    return IntStream.range(0, all.length)
        .filter(row -> row % length >= length - block)
        .mapToObj(row -> all[row])
        .toArray(double[][]::new);
  }

  private double[][] remembered(LoadedDdit loaded, BlockMemory memory, int[][] ids, int block) {
    int length = ids[0].length;
    long[] rows = IntStream.range(0, ids.length * block).asLongStream().toArray();
    NDArray last = loaded.array(columns(ids, length - block, length));
    return loaded.rows(memory.raw(last, manager.create(rows)).toFloatArray());
  }

  @ParameterizedTest
  @MethodSource("withSteps")
  void step_isThatOfTheAuthorsCode(Peer peer) throws IOException {
    try (LoadedDdit loaded = LoadedDdit.of(manager, peer)) {
      int blocks = peer.get("block_inputs").getAsJsonArray().size();
      int[][] ids = Peer.tokens(peer.get("block_inputs").getAsJsonArray().get(blocks - 1));
      int block = loaded.config().blockSize();
      double t = peer.numbers("step_t")[0];
      double s = t - peer.numbers("step_dt")[0];
      double[][] logits = Arrays.copyOf(last(loaded, ids, block), block);
      int[] shown = columns(ids, ids[0].length - block, ids[0].length)[0];
      double[][] steps = new double[block][];
      double[][] nuclei = new double[block][];
      for (int row = 0; row < block; row++) {
        double[] p = given(softmax(logits[row], loaded.mask()), shown[row], loaded.mask());
        steps[row] = Arrays.stream(p).map(each -> each * (1 - s / t)).toArray();
        steps[row][loaded.mask()] = s / t;
        nuclei[row] = nucleus(p, peer.numbers("nucleus_p")[0]);
      }
      peer.check("ddpm_probs", flat(steps), Peer.LOSSES);
      peer.check("nucleus_probs", flat(nuclei), Peer.LOSSES);
    }
  }

  private static double[] given(double[] p, int shown, int mask) {
    if (shown == mask) {
      return p;
    }
    double[] certain = new double[p.length];
    certain[shown] = 1;
    return certain;
  }

  /** The crossing token is dropped, but never the first: unlike in our top-p. */
  private static double[] nucleus(double[] p, double mass) {
    int[] order =
        IntStream.range(0, p.length)
            .boxed()
            .sorted(Comparator.comparingDouble(y -> -p[y]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] kept = new double[p.length];
    double sum = 0;
    for (int i = 0; i < order.length; i++) {
      sum += p[order[i]];
      kept[order[i]] = i == 0 || sum <= mass ? p[order[i]] : 0;
    }
    double all = Arrays.stream(kept).sum();
    assertThat(all).isPositive();
    return Arrays.stream(kept).map(each -> each / all).toArray();
  }
}
