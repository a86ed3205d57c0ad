// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.published.Peer;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.internal.call.ByLength;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.PublishedMethod.Algorithm;
import io.github.md4.sample.method.PublishedMethod.Remasking;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The authors' samplers, token for token. */
@Tag("golden")
final class PublishedSamplersTest {
  private NDManager manager;
  private DrawKernels kernels;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
    kernels = new DrawKernels(manager);
  }

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  static List<Peer> llada() {
    return Peer.of("llada");
  }

  static List<Peer> dream() {
    return Peer.of("dream");
  }

  static List<Peer> a2d() {
    return Peer.of("a2d");
  }

  private SavedModel load(Peer peer) throws IOException {
    return SavedModel.load(peer.folder(), Weights.EMA, manager, Precision.FLOAT32);
  }

  /** Returns the states of each sequence; see {@link SeenStates}. */
  private List<List<int[]>> sample(
      SavedModel model, List<int[]> initial, SamplingMethod method, TokenLaw law) {
    TokenSpace space = model.description().tokenSpace();
    GenerativeModel generative = new GenerativeModel(model.denoiser(), space, model.schedule());
    Sampler sampler = new BorrowedKernels(manager, kernels).sampler(generative, method, law);
    List<InitialSequence> sequences = new ArrayList<>();
    for (int i = 0; i < initial.size(); i++) {
      sequences.add(new InitialSequence(initial.get(i), i));
    }
    SeenStates seen = new SeenStates(sequences);
    for (List<Integer> places : ByLength.of(sequences)) {
      List<InitialSequence> equal = places.stream().map(sequences::get).toList();
      List<Sample> own = sampler.sample(new SampleRequest(equal, 0, equal.size(), 1), seen);
      for (Sample each : own) {
        List<int[]> states = seen.of(each.index());
        assertThat(states.get(states.size() - 1)).isEqualTo(each.tokens());
      }
    }
    return IntStream.range(0, initial.size()).mapToObj(seen::of).toList();
  }

  /** Returns the real tokens of prompts, followed by masks. */
  private static List<int[]> prompts(JsonObject given, String name, int masks, int mask) {
    JsonElement padding = given.get("attention_mask");
    boolean isPadded = padding != null && padding.isJsonArray();
    List<int[]> all = new ArrayList<>();
    for (int b = 0; b < given.getAsJsonArray(name).size(); b++) {
      int[] prompt = ints(given.getAsJsonArray(name).get(b));
      int[] isReal = isPadded ? ints(padding.getAsJsonArray().get(b)) : null;
      IntStream real =
          IntStream.range(0, prompt.length)
              .filter(i -> !isPadded || isReal[i] == 1)
              .map(i -> prompt[i]);
      all.add(IntStream.concat(real, IntStream.generate(() -> mask).limit(masks)).toArray());
    }
    return all;
  }

  private static int[] ints(JsonElement array) {
    return Arrays.stream(Peer.numbers(array)).mapToInt(x -> (int) x).toArray();
  }

  /** Compares the last tokens of each sequence with those of the authors' code. */
  private static void check(
      String what,
      List<List<int[]>> ours,
      JsonObject given,
      String history,
      int count,
      SavedModel model,
      Peer peer) {
    for (int b = 0; b < ours.size(); b++) {
      checkRow(what, ours, given, history, b, row -> last(row, count), model, peer);
    }
  }

  /**
   * Compares a part of a sequence with that of the authors' code: at the end, and before or after
   * each pass, but for the passes that change nothing.
   */
  private static void checkRow(
      String what,
      List<List<int[]>> ours,
      JsonObject given,
      String history,
      int b,
      UnaryOperator<int[]> part,
      SavedModel model,
      Peer peer) {
    int mask = model.description().tokenSpace().maskToken();
    int theirs = peer.id("mask");
    List<int[]> own =
        ours.get(b).stream()
            .map(row -> Arrays.stream(row).map(id -> id == mask ? theirs : id).toArray())
            .map(part)
            .toList();
    int[] end = part.apply(ints(given.getAsJsonArray("ids").get(b)));
    assertThat(own.get(own.size() - 1)).as("%s, row %d", what, b).isEqualTo(end);
    List<int[]> all = new ArrayList<>(List.of(own.get(0)));
    if (!given.has(history)) { // of another folder
      return;
    }
    for (JsonElement state : given.getAsJsonArray(history)) {
      all.add(part.apply(ints(state.getAsJsonArray().get(b))));
    }
    all.add(end);
    assertThat(own.toArray(int[][]::new))
        .as("%s, states of row %d", what, b)
        .isDeepEqualTo(SeenStates.distinct(all).toArray(int[][]::new));
  }

  private static int[] last(int[] ids, int count) {
    return Arrays.copyOfRange(ids, ids.length - count, ids.length);
  }

  @ParameterizedTest
  @MethodSource("llada")
  void llada_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      for (JsonObject each : peer.cases("generate")) {
        int count = each.get("gen_length").getAsInt();
        PublishedMethod.Blocks method =
            new PublishedMethod.Blocks(
                BlockCounts.LLADA,
                each.get("steps").getAsInt(),
                each.get("block_length").getAsInt(),
                Remasking.LOW_CONFIDENCE,
                guidance(each));
        List<int[]> initial = prompts(each, "prompt", count, mask);
        List<List<int[]>> ours = sample(model, initial, method, law(each));
        check(peer + " " + method.text(), ours, each, "passes", count, model, peer);
        checkRest(each, ours, mask);
        checkCounts(each, method, initial, mask);
      }
    }
  }

  /** The numbers of each row and step, those of the steps that reveal nothing left out. */
  private static void checkCounts(
      JsonObject given, PublishedMethod.Blocks method, List<int[]> initial, int mask) {
    if (!given.has("transfer")) { // of another folder
      return;
    }
    for (int b = 0; b < initial.size(); b++) {
      int[] row = initial.get(b);
      int[] masked = IntStream.range(0, row.length).filter(i -> row[i] == mask).toArray();
      int[] ours =
          BlockTrajectory.steps(method, masked).stream()
              .mapToInt(BlockTrajectory.Step::count)
              .toArray();
      IntStream theirs = IntStream.empty();
      for (JsonElement block : given.getAsJsonArray("transfer")) {
        int[] own = ints(block.getAsJsonArray().get(b));
        theirs = IntStream.concat(theirs, Arrays.stream(own).filter(count -> count > 0));
      }
      assertThat(ours).as("row %d", b).isEqualTo(theirs.toArray());
    }
  }

  /** What is said of a run beside its tokens. */
  private static void checkRest(JsonObject given, List<List<int[]>> ours, int mask) {
    if (given.has("mask_left")) {
      long left =
          ours.stream()
              .map(states -> states.get(states.size() - 1))
              .flatMapToInt(Arrays::stream)
              .filter(id -> id == mask)
              .count();
      assertThat(left).as("masks left").isEqualTo(given.get("mask_left").getAsLong());
    }
    if (given.has("min_gap")) { // else the tokens would show nothing: logits differ by less
      assertThat(given.get("min_gap").getAsDouble()).isGreaterThan(2 * Peer.LOGITS);
    }
  }

  private static double guidance(JsonObject given) {
    return given.has("cfg_scale") ? given.get("cfg_scale").getAsDouble() : 0;
  }

  private static TokenLaw greedy() {
    return new TokenLaw(0, List.of());
  }

  @ParameterizedTest
  @MethodSource("dream")
  void dream_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      for (JsonObject each : peer.cases("diffusion_generate")) {
        int count = each.get("max_new_tokens").getAsInt();
        PublishedMethod.Dream method =
            new PublishedMethod.Dream(
                algorithm(each.get("alg").getAsString()), each.get("steps").getAsInt(), 0);
        List<int[]> initial = prompts(each, "prompt", count, mask);
        List<List<int[]>> ours = sample(model, initial, method, law(each));
        check(peer + " " + each, ours, each, "history", count, model, peer);
        checkRest(each, ours, mask);
        checkLastTime(each);
        if (each.has("revealed")) {
          assertThat(counts(method.steps(), count)).isEqualTo(ints(each.get("revealed")));
        }
      }
    }
  }

  private static TokenLaw law(JsonObject given) {
    List<TokenLaw.Truncation> truncations = new ArrayList<>();
    if (given.has("top_p") && !given.get("top_p").isJsonNull()) {
      truncations.add(new TokenLaw.TopP(given.get("top_p").getAsDouble()));
    }
    if (given.has("top_k") && !given.get("top_k").isJsonNull()) {
      truncations.add(new TokenLaw.TopK(given.get("top_k").getAsInt()));
    }
    double temperature = given.has("temperature") ? given.get("temperature").getAsDouble() : 0;
    return new TokenLaw(temperature, truncations);
  }

  /** Dream's steps end at a time of their own, which is no option here. */
  private static void checkLastTime(JsonObject given) {
    if (given.has("eps")) {
      assertThat(given.get("eps").getAsDouble()).isEqualTo(1e-3);
    }
  }

  private static Algorithm algorithm(String name) {
    return Algorithm.valueOf(name.toUpperCase(Locale.ROOT));
  }

  @ParameterizedTest
  @MethodSource("dream")
  void dreamsCounts_areThoseOfItsAuthorsCode(Peer peer) {
    for (JsonObject each : peer.cases("reveal")) {
      int steps = each.get("steps").getAsInt();
      int[] counts = counts(steps, each.get("masks").getAsInt());
      assertThat(counts).as("%s", each).isEqualTo(ints(each.get("counts")));
    }
  }

  private static int[] counts(int steps, int masks) {
    int left = masks;
    int[] counts = new int[steps];
    for (int step = 0; step < steps; step++) {
      counts[step] = DreamTrajectory.count(steps, step, left);
      left -= counts[step];
    }
    return counts;
  }

  @ParameterizedTest
  @MethodSource("a2d")
  void dllm_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      for (JsonObject each : peer.cases("sampler")) {
        int count = each.get("max_new_tokens").getAsInt();
        PublishedMethod.Blocks method =
            new PublishedMethod.Blocks(
                BlockCounts.DLLM,
                each.get("steps").getAsInt(),
                each.get("block_size").getAsInt(),
                Remasking.LOW_CONFIDENCE,
                guidance(each));
        List<int[]> initial = prompts(each, "prompts", count, mask);
        checkCounts(each, method, initial, mask);
        List<List<int[]>> ours = sample(model, initial, method, law(each));
        checkRest(each, ours, mask);
        for (int b = 0; b < ours.size(); b++) { // of a length of its own; padding follows
          int length = initial.get(b).length;
          String what = peer + " " + method.text();
          checkRow(what, ours, each, "history", b, row -> Arrays.copyOf(row, length), model, peer);
        }
      }
    }
  }

  /** One model gives other tokens under the counts of LLaDA and of dllm. */
  @ParameterizedTest
  @CsvSource({"14, 4, 4 4 3 3, 4 3 4 3", "10, 3, 4 3 3, 3 3 4", "5, 8, 1 1 1 1 1 0 0 0, 1 1 1 1 1"})
  void counts_differBetweenLladaAndDllm(int masks, int steps, String llada, String dllm) {
    assertThat(BlockCounts.LLADA.of(masks, steps, 1)).isEqualTo(numbers(llada));
    assertThat(BlockCounts.DLLM.of(masks, steps, 1)).isEqualTo(numbers(dllm));
  }

  private static int[] numbers(String text) {
    return Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
  }

  /** A procedure as a method. */
  private record Given(Function<MaskingSchedule, SamplingProcedure> procedure)
      implements SamplingMethod {
    @Override
    public String text() {
      return "given";
    }

    @Override
    public String name() {
      return "given";
    }

    @Override
    public boolean isExact() {
      return false;
    }

    @Override
    public boolean readsMask() {
      return true;
    }

    @Override
    public double timeAt(double from) {
      return from;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return procedure.apply(schedule);
    }
  }

  /** LLaDA's draw in float64: the largest e^logit / (-ln u)^T, one uniform an entry. */
  private record PowerDraw(double temperature) implements RowDraw {
    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      NDArray exact = logits.toType(DataType.FLOAT64, false);
      NDArray powers = noise.transpose().log().neg().pow(temperature); // [R, V]
      NDArray tokens = exact.exp().div(powers).argMax(1); // [R]
      NDArray p = exact.softmax(1).gather(tokens.expandDims(1), 1).squeeze(1);
      NDArray all = tokens.toType(DataType.FLOAT64, false).expandDims(0);
      return all.concat(p.expandDims(0), 0).concat(p.expandDims(0), 0);
    }
  }

  /** The uniforms that the authors' code was given: number k of the stream. */
  private static double uniform(long k) {
    long z = (k + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >>> 40) * 0x1p-24;
  }

  /** The uniforms of a pass: an entry for each token at each position, then one a position. */
  private record PassNoise(int row, int rows, int length, int entries, boolean isRandom)
      implements StepNoise {
    private long begin(int step) {
      long positions = (long) rows * length;
      return step * (positions * entries + (isRandom ? positions : 0));
    }

    @Override
    public double[][] draws(int step, int[] positions) {
      if (entries == 0) {
        return new double[1][positions.length];
      }
      double[][] u = new double[entries][positions.length];
      for (int r = 0; r < positions.length; r++) {
        for (int y = 0; y < entries; y++) {
          long place = ((long) row * length + positions[r]) * entries + y;
          u[y][r] = uniform(begin(step) + place);
        }
      }
      return u;
    }

    @Override
    public double[] order(int step, int[] positions) {
      long first = begin(step) + (long) rows * length * entries + (long) row * length;
      return IntStream.of(positions).mapToDouble(n -> uniform(first + n)).toArray();
    }
  }

  @ParameterizedTest
  @MethodSource("llada")
  void lladaWithNoise_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      for (JsonObject each : peer.cases("noisy")) {
        int count = each.get("gen_length").getAsInt();
        double temperature = each.get("temperature").getAsDouble();
        boolean isRandom = each.get("remasking").getAsString().equals("random");
        PublishedMethod.Blocks method =
            new PublishedMethod.Blocks(
                BlockCounts.LLADA,
                each.get("steps").getAsInt(),
                each.get("block_length").getAsInt(),
                isRandom ? Remasking.RANDOM : Remasking.LOW_CONFIDENCE,
                guidance(each));
        List<int[]> initial = prompts(each, "prompt", count, mask);
        int length = initial.get(0).length;
        int entries = temperature > 0 ? mask : 0;
        RowDraw draw =
            temperature > 0
                ? new PowerDraw(temperature)
                : new RowDraw.Exact(Confidence.PROBABILITY);
        SamplingMethod given =
            new Given(
                schedule ->
                    BlockTrajectory.procedure(
                        schedule,
                        method,
                        draw,
                        (own, of) ->
                            new PassNoise(
                                (int) of.index(), initial.size(), length, entries, isRandom)));
        List<List<int[]>> ours = sample(model, initial, given, greedy());
        check(peer + " noisy " + each, ours, each, "passes", count, model, peer);
        if (each.has("drawn")) {
          PassNoise last = new PassNoise(0, initial.size(), length, entries, isRandom);
          assertThat(last.begin(method.steps())).isEqualTo(each.get("drawn").getAsLong());
        }
      }
    }
  }

  /** The uniforms of the masked positions, sequence by sequence, step by step. */
  private record InTurn(long[] drawn, boolean isFirst) implements StepNoise {
    @Override
    public double[][] draws(int step, int[] positions) {
      return new double[1][positions.length];
    }

    @Override
    public double[] order(int step, int[] positions) {
      drawn[0] = step == 0 && isFirst ? 0 : drawn[0]; // calls are counted beforehand
      double[] u = new double[positions.length];
      Arrays.setAll(u, i -> uniform(drawn[0]++));
      return u;
    }
  }

  @ParameterizedTest
  @MethodSource("dream")
  void dreamsOrigin_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      for (JsonObject each : peer.cases("origin")) {
        int count = each.get("max_new_tokens").getAsInt();
        PublishedMethod.Dream method =
            new PublishedMethod.Dream(Algorithm.ORIGIN, each.get("steps").getAsInt(), 0);
        long[] drawn = {0};
        SamplingMethod given =
            new Given(
                schedule ->
                    DreamTrajectory.procedure(
                        schedule, method, (own, of) -> new InTurn(drawn, of.index() == 0)));
        List<int[]> initial = prompts(each, "prompt", count, mask);
        List<List<int[]>> ours = sample(model, initial, given, greedy());
        check(peer + " origin", ours, each, "history", count, model, peer);
        checkLastTime(each);
        if (each.has("drawn")) {
          JsonElement before = each.getAsJsonArray("history").get(method.steps() - 2);
          long left = // in the last step theirs draws too, and reveals whatever is drawn
              Arrays.stream(Peer.numbers(before)).filter(id -> id == peer.id("mask")).count();
          assertThat(drawn[0] + left).isEqualTo(each.get("drawn").getAsLong());
        }
      }
    }
  }

  static List<Peer> all() {
    return Peer.of("llada", "dream", "a2d");
  }

  private static final List<PublishedMethod> ALL =
      List.of(
          new PublishedMethod.Blocks(BlockCounts.LLADA, 4, 8, Remasking.LOW_CONFIDENCE, 0),
          new PublishedMethod.Blocks(BlockCounts.LLADA, 4, 4, Remasking.RANDOM, 0),
          new PublishedMethod.Blocks(BlockCounts.DLLM, 4, 8, Remasking.LOW_CONFIDENCE, 0),
          new PublishedMethod.Dream(Algorithm.ORIGIN, 3, 0),
          new PublishedMethod.Dream(Algorithm.MASKGIT_PLUS, 3, 0),
          new PublishedMethod.Dream(Algorithm.TOPK_MARGIN, 3, 0.5),
          new PublishedMethod.Dream(Algorithm.ENTROPY, 3, 0));

  /**
   * Dream's code reveals the mean number of its batch in each row, and LLaDA's pads prompts: here a
   * sequence of other masks or another length beside one changes nothing, and no mask is left.
   */
  @ParameterizedTest
  @MethodSource("all")
  @Tag("exact")
  void sequences_doNotDependOnThoseBeside(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      int[] few = {3, 1, mask, 4, 1, 5, 9, 2, mask, 6};
      int[] many = {2, mask, mask, mask, mask, mask, mask, mask, 8, mask};
      int[] longer = {7, 5, 3, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask};
      for (PublishedMethod method : ALL) {
        List<int[]> together = ends(sample(model, List.of(few, many, longer), method, greedy()));
        for (int[] end : together) {
          assertThat(end).as("%s %s", peer, method.text()).doesNotContain(mask);
        }
        List<int[]> alone = ends(sample(model, List.of(few), method, greedy()));
        assertThat(together.get(0)).as("%s %s", peer, method.text()).isEqualTo(alone.get(0));
        assertThat(together.get(1)[0]).isEqualTo(2);
        assertThat(together.get(1)[8]).isEqualTo(8);
      }
    }
  }

  private static List<int[]> ends(List<List<int[]>> states) {
    return states.stream().map(each -> each.get(each.size() - 1)).toList();
  }

  @Test
  @Tag("exact")
  void text_isReadAgain() {
    for (String text :
        List.of(
            "llada(64, 32, low-confidence, 0.0)",
            "dllm(16, 8, random, 1.5)",
            "dream-origin(12, 0.0)",
            "dream-maskgit-plus(12, 0.0)",
            "dream-topk-margin(12, 0.2)",
            "dream-entropy(12, 0.0)")) {
      SamplingMethod method = SamplingMethod.parse(text);
      assertThat(SamplingMethod.parse(method.text())).isEqualTo(method);
      assertThat(text).startsWith(method.name() + "(");
      assertThat(SamplingMethod.parse(method.withSteps(5).text())).isEqualTo(method.withSteps(5));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SamplingMethod.parse("llada(64, 32, sideways, 0)"))
        .withMessageContaining("remasking must be");
  }
}
