// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import io.github.md4.core.Precision;
import io.github.md4.core.network.LoadedWeights;
import io.github.md4.core.network.RotaryAngles;
import io.github.md4.core.published.Peer;
import io.github.md4.core.published.PublishedFolder;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Llama kind against the numbers of LLaDA's, Dream's and dllm's own code. */
@Tag("golden")
final class LlamaPeersTest {
  private static final float FORBIDDEN = -Float.MAX_VALUE;

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
    return Peer.of("llada", "dream", "a2d");
  }

  /** A network with its weights. */
  private record Loaded(LlamaConfig config, LlamaNetwork network, LoadedWeights weights)
      implements AutoCloseable {

    static Loaded of(NDManager manager, Peer peer, Precision precision) throws IOException {
      try (PublishedFolder folder = peer.open()) {
        LlamaConfig config = (LlamaConfig) folder.description().config().network();
        int size = folder.description().tokenizer().vocabularySize();
        LlamaNetwork network = new LlamaNetwork(manager, config, size, precision);
        return new Loaded(
            config,
            network,
            LoadedWeights.read(manager, network.specs(), precision, folder.weights()));
      }
    }

    /** Returns the logits of all rows, [B L V]. */
    double[] raw(NDManager manager, int[][] ids) {
      NDArray zt = array(manager, ids);
      return doubles(network.pass(weights::of, zt).raw(manager, zt, all(manager, ids)));
    }

    double[] raw(NDManager manager, int[][] ids, NDList places) {
      NDArray zt = array(manager, ids);
      return doubles(network.pass(weights::of, places).raw(manager, zt, all(manager, ids)));
    }

    @Override
    public void close() {
      weights.close();
      network.close();
    }
  }

  private static NDArray array(NDManager manager, int[][] ids) {
    long[] flat = Arrays.stream(ids).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return manager.create(flat, new Shape(ids.length, ids[0].length));
  }

  private static NDArray all(NDManager manager, int[][] ids) {
    return manager.create(IntStream.range(0, ids.length * ids[0].length).asLongStream().toArray());
  }

  private static double[] doubles(NDArray array) {
    float[] floats = array.toFloatArray();
    return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
  }

  @ParameterizedTest
  @MethodSource("peers")
  void logits_areThoseOfTheAuthorsCode(Peer peer) throws IOException {
    try (Loaded loaded = Loaded.of(manager, peer, Precision.FLOAT32)) {
      peer.check("logits", loaded.raw(manager, peer.tokens("input_ids")), Peer.LOGITS);
    }
  }

  /**
   * Padding is not attended to; positions count on. Only Dream's rows of padding are not compared.
   */
  @ParameterizedTest
  @MethodSource("peers")
  void paddedLogits_areThoseOfTheAuthorsCode(Peer peer) throws IOException {
    if (!peer.offers("padded_logits")) {
      return;
    }
    int[][] isReal = peer.tokens("attention_mask");
    boolean allRows = peer.has("generate");
    try (Loaded loaded = Loaded.of(manager, peer, Precision.FLOAT32)) {
      if (!loaded.config().isShifted()) {
        NDList places = places(loaded, isReal, positions(isReal, false), false);
        double[] ours = loaded.raw(manager, padded(peer, isReal), places);
        checkRows(peer, "padded_logits", ours, isReal, allRows);
        return;
      }
      NDList places = places(loaded, isReal, positions(isReal, true), true);
      double[] ours = loaded.raw(manager, peer.tokens("padded_ids"), places);
      checkRows(peer, "padded_logits", ours, isReal, false);
      if (!peer.offers("padded_logits_plain_positions")) {
        return;
      }
      NDList plain = places(loaded, isReal, positions(isReal, false), true);
      double[] other = loaded.raw(manager, peer.tokens("padded_ids"), plain);
      checkRows(peer, "padded_logits_plain_positions", other, isReal, false);
      double[] positions = Arrays.stream(positions(isReal, true)).asDoubleStream().toArray();
      peer.check("position_ids", positions, 0);
    }
  }

  /** The fixture's own statement: the authors' network is the stock one without a causal mask. */
  @ParameterizedTest
  @MethodSource("peers")
  void authorsCode_isTheStockNetworkThatSeesBothSides(Peer peer) {
    if (peer.has("stock_max_abs_diff")) {
      assertThat(peer.numbers("stock_max_abs_diff")[0]).isBetween(0.0, Peer.LOSSES);
    }
  }

  /** Returns the inputs with the padding token at the padding. */
  private static int[][] padded(Peer peer, int[][] isReal) {
    int[][] ids = peer.tokens("input_ids");
    for (int b = 0; b < ids.length; b++) {
      for (int i = 0; i < ids[b].length; i++) {
        ids[b][i] = isReal[b][i] == 1 ? ids[b][i] : peer.id("pad");
      }
    }
    return ids;
  }

  private NDList places(Loaded loaded, int[][] isReal, int[] positions, boolean arePairs) {
    int length = isReal[0].length;
    int width = loaded.config().headWidth();
    Shape shape = new Shape(isReal.length, length, 1, width);
    NDList places =
        new RotaryAngles(loaded.config().rotaryBase(), width).tables(manager, positions, shape);
    float[] added = new float[isReal.length * length * length];
    for (int i = 0; i < added.length; i++) {
      int row = i / length / length;
      int from = i / length % length;
      boolean isSeen = isReal[row][i % length] == 1 && (!arePairs || isReal[row][from] == 1);
      added[i] = isSeen ? 0 : FORBIDDEN;
    }
    places.add(manager.create(added, new Shape(isReal.length, 1, length, length)));
    return places;
  }

  /** Returns 0 to L - 1 for every example, or as Dream's sampler counts: padding gets 1. */
  private static int[] positions(int[][] isReal, boolean areCumulative) {
    int length = isReal[0].length;
    int[] positions = new int[isReal.length * length];
    for (int b = 0; b < isReal.length; b++) {
      int count = 0;
      for (int i = 0; i < length; i++) {
        count += isReal[b][i];
        positions[b * length + i] = !areCumulative ? i : isReal[b][i] == 1 ? count - 1 : 1;
      }
    }
    return positions;
  }

  private static void checkRows(
      Peer peer, String name, double[] ours, int[][] isReal, boolean allRows) {
    double[] theirs = peer.numbers(name);
    int length = isReal[0].length;
    int columns = theirs.length / isReal.length / length;
    for (int row = 0; row < isReal.length * length; row++) {
      if (allRows || isReal[row / length][row % length] == 1) {
        int from = row * columns;
        Peer.check(
            peer + " " + name + " row " + row,
            Arrays.copyOfRange(ours, from, from + columns),
            Arrays.copyOfRange(theirs, from, from + columns),
            Peer.LOGITS);
      }
    }
  }

  /** The bound is the fixtures' own: two versions of PyTorch differ by 0.06, 0.11 was seen. */
  @ParameterizedTest
  @MethodSource("peers")
  void bfloat16Logits_areNearThoseOfTheAuthorsCode(Peer peer) throws IOException {
    if (!peer.has("logits_bf16")) {
      return;
    }
    try (Loaded loaded = Loaded.of(manager, peer, Precision.BFLOAT16)) {
      double[] ours = loaded.raw(manager, peer.tokens("input_ids"));
      double[] theirs = peer.numbers("logits_bf16");
      double[] distances =
          IntStream.range(0, ours.length).mapToDouble(i -> Math.abs(ours[i] - theirs[i])).toArray();
      assertThat(Arrays.stream(distances).max().orElseThrow()).isLessThan(0.4);
      assertThat(Arrays.stream(distances).average().orElseThrow()).isLessThan(0.04);
    }
  }

  /** The rows that the authors' code drew are given; the value is the mean over their masks. */
  @ParameterizedTest
  @MethodSource("peers")
  void likelihood_isThatOfTheAuthorsCode(Peer peer) throws IOException {
    try (Loaded loaded = Loaded.of(manager, peer, Precision.FLOAT32)) {
      for (JsonObject each : peer.cases("likelihood")) {
        double[] ours = {likelihood(loaded, each)};
        Peer.check(peer + " likelihood", ours, Peer.numbers(each.get("value")), Peer.LOSSES);
      }
    }
  }

  private double likelihood(Loaded loaded, JsonObject given) {
    int[] prompt =
        Arrays.stream(Peer.numbers(given.get("prompt"))).mapToInt(x -> (int) x).toArray();
    int[] answer =
        Arrays.stream(Peer.numbers(given.get("answer"))).mapToInt(x -> (int) x).toArray();
    double scale = given.has("cfg_scale") ? given.get("cfg_scale").getAsDouble() : 0;
    int mask = loaded.config().maskColumn();
    double sum = 0;
    int rounds = given.getAsJsonArray("rows").size();
    if (given.has("mc_num")) { // else of another folder
      int batch = given.get("batch_size").getAsInt();
      assertThat(rounds * batch).isEqualTo(given.get("mc_num").getAsInt());
    }
    for (int round = 0; round < rounds; round++) {
      int[][] rows = Peer.tokens(given.getAsJsonArray("rows").get(round));
      double[] shares = Peer.numbers(given.getAsJsonArray("share").get(round));
      double[] logits = guided(loaded, rows, prompt.length, scale, mask);
      int columns = logits.length / rows.length / rows[0].length;
      for (int b = 0; b < rows.length; b++) {
        long masked = Arrays.stream(rows[b]).filter(id -> id == mask).count();
        assertThat(shares[b]).isCloseTo((double) masked / answer.length, within(1e-7)); // float32
        for (int i = 0; i < answer.length; i++) {
          int at = prompt.length + i;
          if (rows[b][at] == mask) {
            int from = (b * rows[b].length + at) * columns;
            sum += nats(logits, from, columns, answer[i]) / shares[b] / rows.length;
          }
        }
      }
    }
    return -sum / rounds;
  }

  private double[] guided(Loaded loaded, int[][] rows, int prompt, double scale, int mask) {
    double[] conditional = loaded.raw(manager, rows);
    if (scale == 0) {
      return conditional;
    }
    int[][] without = Arrays.stream(rows).map(int[]::clone).toArray(int[][]::new);
    Arrays.stream(without).forEach(row -> Arrays.fill(row, 0, prompt, mask));
    double[] un = loaded.raw(manager, without);
    return IntStream.range(0, un.length)
        .mapToDouble(i -> un[i] + (scale + 1) * (conditional[i] - un[i]))
        .toArray();
  }

  private static double nats(double[] logits, int from, int columns, int token) {
    double max = Arrays.stream(logits, from, from + columns).max().orElseThrow();
    double sum = Arrays.stream(logits, from, from + columns).map(x -> Math.exp(x - max)).sum();
    return max + Math.log(sum) - logits[from + token];
  }
}
