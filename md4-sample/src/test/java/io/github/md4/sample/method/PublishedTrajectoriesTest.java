// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.ddit.DditConfig;
import io.github.md4.core.published.Peer;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.StepTimes;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.internal.call.LawLogits;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole runs of the stochastic samplers of MDLM, SEDD and RADD by their authors' code, on given
 * uniforms: our trajectories, steps and times, with the draw of their code.
 */
@Tag("golden")
final class PublishedTrajectoriesTest {
  private static final double TINY = 1e-10;

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

  static List<Peer> withScores() {
    return Peer.of(peer -> peer.hasCases("trajectories"), "mdlm", "sedd");
  }

  static List<Peer> radd() {
    return Peer.of(peer -> peer.hasCases("trajectories"), "radd");
  }

  /** A procedure as a method, by the schedule and the form of the scores. */
  private record Given(
      BiFunction<MaskingSchedule, ScoreForm, SamplingProcedure> procedure, boolean readsMask)
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
    public double timeAt(double from) {
      return from;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return scored(schedule, new ScoreForm.Softmax());
    }

    @Override
    public SamplingProcedure scored(MaskingSchedule schedule, ScoreForm form) {
      return procedure.apply(schedule, form);
    }
  }

  /** Samples all sequences of a run in one call a step, and checks each state of each of them. */
  private void check(
      Peer peer, JsonObject run, SavedModel model, SamplingMethod method, TokenLaw law) {
    JsonArray states = run.getAsJsonArray("ids");
    int[][] first = Peer.tokens(states.get(0));
    GenerativeModel generative =
        new GenerativeModel(
            model.denoiser(),
            model.description().tokenSpace(),
            model.schedule(),
            model.description().config().objective().generation());
    Sampler sampler = new BorrowedKernels(manager, kernels).sampler(generative, method, law);
    List<InitialSequence> initial =
        IntStream.range(0, first.length).mapToObj(b -> new InitialSequence(first[b], b)).toList();
    SeenStates seen = new SeenStates(initial);
    List<Sample> samples = sampler.sample(new SampleRequest(initial, 0, first.length, 1), seen);
    int[][] last = Peer.tokens(states.get(states.size() - 1));
    for (int b = 0; b < last.length; b++) {
      String what = peer + " " + run.get("sampler") + " row " + b;
      assertThat(samples.get(b).tokens()).as(what).isEqualTo(last[b]);
      List<int[]> theirs = new ArrayList<>();
      for (JsonElement state : states) {
        theirs.add(Peer.tokens(state)[b]);
      }
      checkStates(what, seen.of(b), theirs);
    }
  }

  private static void checkStates(String what, List<int[]> ours, List<int[]> theirs) {
    assertThat(ours.toArray(int[][]::new))
        .as(what)
        .isDeepEqualTo(SeenStates.distinct(theirs).toArray(int[][]::new));
  }

  private SavedModel load(Peer peer) throws IOException {
    return SavedModel.load(peer.folder(), Weights.EMA, manager, Precision.FLOAT32);
  }

  /** The uniforms that the authors' code was given: number k of the stream. */
  private static double uniform(long k) {
    long z = (k + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >>> 40) * 0x1p-24;
  }

  /** Returns the largest of {@code q_y / (tiny - ln(u_y + tiny))} a row; all are [R, E]. */
  private static NDArray largest(NDArray q, NDArray u) {
    return q.div(u.add(TINY).log().neg().add(TINY)).argMax(1);
  }

  private static NDArray draws(NDArray tokens) {
    NDArray all = tokens.toType(DataType.FLOAT64, false).expandDims(0);
    return NDArrays.concat(new NDList(all, all, all), 0);
  }

  /**
   * The draw of a step by scores: E uniforms a row, then the logarithm of the scores' factor. What
   * is not a token is the mask. BD3-LM's code divides by a time of 0 at the last point of its steps
   * and takes token 0; ours draws a token there.
   */
  private record CategoricalDraw(boolean isNormalised, boolean isZeroAtLast) implements RowDraw {
    CategoricalDraw(boolean isNormalised) {
      this(isNormalised, false);
    }

    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      long entries = noise.getShape().get(0) - 1;
      NDArray f = logits.toType(DataType.FLOAT64, false); // [R, V]
      NDArray u = noise.get("0:" + entries).transpose(); // [R, E]
      NDArray logFactor = noise.get(entries).expandDims(1); // [R, 1]
      double factor = logFactor.getDouble(0, 0);
      if (factor == Double.POSITIVE_INFINITY) {
        boolean isLikeliest = u.getDouble(0, 0) < 0;
        if (isZeroAtLast) {
          return draws(f.argMax(1).mul(0));
        }
        NDArray mu = f.softmax(1);
        return draws(isLikeliest ? f.argMax(1) : largest(mu, u.get(":, 0:" + f.getShape().get(1))));
      }
      NDArray scores = (isNormalised ? f.logSoftmax(1) : f).add(logFactor).exp();
      NDArray stays = scores.sum(new int[] {1}, true).neg().add(1); // [R, 1]
      return draws(largest(scores.concat(stays, 1), u));
    }
  }

  /**
   * An entry for each token and the mask at each position; in the last step those of the tokens.
   */
  private record Everywhere(int row, int rows, int length, int entries, int steps, int lastEntries)
      implements StepNoise {
    @Override
    public double[][] draws(int step, int[] positions) {
      int own = step == steps ? lastEntries : entries;
      double[][] u = new double[entries][positions.length];
      for (int r = 0; r < positions.length; r++) {
        for (int y = 0; y < own; y++) {
          long place = ((long) row * length + positions[r]) * own + y;
          u[y][r] = uniform((long) step * rows * length * entries + place);
        }
      }
      return u;
    }

    @Override
    public double[] order(int step, int[] positions) {
      throw new IllegalStateException("no order is drawn");
    }
  }

  private static StepTimes times(int steps, double last) {
    return new StepTimes(
        0, IntStream.rangeClosed(0, steps).mapToDouble(i -> 1 - i * (1 - last) / steps).toArray());
  }

  @ParameterizedTest
  @MethodSource("withScores")
  void stepsByScores_giveTheTokensOfTheAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      for (JsonObject each : peer.cases("trajectories")) {
        int steps = each.get("steps").getAsInt();
        String sampler = each.get("sampler").getAsString();
        int size = model.description().tokenSpace().vocabularySize();
        int batch = each.get("batch").getAsInt();
        int length = Peer.tokens(each.getAsJsonArray("ids").get(0))[0].length;
        boolean isArgmax = sampler.startsWith("ddpm"); // their last step
        Leftovers leftovers = isArgmax ? Leftovers.ARGMAX : Leftovers.DRAWN;
        double eps = each.get("eps").getAsDouble();
        // MDLM's denoiser draws with an entry of probability 0 for the mask, SEDD's without.
        int last =
            model.description().config().objective().toString().contains("score") ? size : size + 1;
        ScoredStep step = sampler.equals("euler") ? ScoredStep.EULER : ScoredStep.ANALYTIC;
        SamplingMethod method =
            new Given(
                (schedule, form) ->
                    ScoredTrajectory.procedure(
                        schedule,
                        new ScoredTrajectory.Steps(
                            form, from -> times(steps, eps), step, 0, leftovers),
                        new CategoricalDraw(form.isNormalised()),
                        (own, of) ->
                            new Everywhere((int) of.index(), batch, length, size + 1, steps, last)),
                false);
        check(peer, each, model, method, TokenLaw.MODEL);
        int drawnLast = isArgmax ? 0 : last;
        checkDrawn(each, (long) batch * length * (steps * (size + 1L) + drawnLast));
      }
    }
  }

  /** The number of uniforms that the run took: our places in their stream end where it ends. */
  private static void checkDrawn(JsonObject run, long ours) {
    if (run.has("drawn")) { // else of another folder
      assertThat(ours).as("uniforms").isEqualTo(run.get("drawn").getAsLong());
    }
  }

  /**
   * RADD's uniforms: a step draws one at each position of the batch, but for the last step, then
   * some at each position that it reveals.
   */
  private static final class InTurn {
    private final int rows;
    private final int length;
    private final int entries;
    private final double[] shares;
    private long next;
    private int current = -1;
    private final long[] first; // of each step

    InTurn(int rows, int length, int entries, double[] shares) {
      this.rows = rows;
      this.length = length;
      this.entries = entries;
      this.shares = shares;
      this.first = new long[shares.length];
    }

    StepNoise of(int row) {
      return new StepNoise() {
        @Override
        public double[][] draws(int step, int[] positions) {
          boolean isLast = step == shares.length - 1;
          boolean begins = step == 0 && row == 0; // again: calls are counted beforehand
          if (begins || step != current) { // by the first row that is not done
            next = begins ? 0 : next;
            current = step;
            first[step] = next;
            next += isLast ? 0 : (long) rows * length;
          }
          double[][] u = new double[entries][positions.length];
          double[] order = order(step, positions);
          for (int r = 0; r < positions.length; r++) {
            boolean isRevealed = isLast || order[r] < shares[step];
            for (int y = 0; y < entries; y++) {
              u[y][r] = isRevealed ? uniform(next++) : 0.5;
            }
          }
          return u;
        }

        @Override
        public double[] order(int step, int[] positions) {
          return IntStream.of(positions)
              .mapToDouble(n -> uniform(first[step] + (long) row * length + n))
              .toArray();
        }
      };
    }
  }

  /**
   * The draw among all columns, or among the likeliest, in the order of their probabilities, where
   * there are fewer uniforms than columns.
   */
  private record ColumnDraw() implements RowDraw {
    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      long entries = noise.getShape().get(0);
      NDArray mu =
          LawLogits.of(law, kernels, scope, logits).toType(DataType.FLOAT64, false).softmax(1);
      if (entries == mu.getShape().get(1)) {
        return draws(largest(mu, noise.transpose()));
      }
      NDArray order = mu.neg().argSort(1).get(":, 0:" + entries); // [R, E]
      NDArray place = largest(mu.gather(order, 1), noise.transpose()).expandDims(1);
      return draws(order.gather(place, 1).squeeze(1));
    }
  }

  @ParameterizedTest
  @MethodSource("radd")
  void radd_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      for (JsonObject each : peer.cases("trajectories")) {
        int steps = each.get("steps").getAsInt();
        boolean isTopK = each.get("strategy").getAsString().equals("top_k");
        double cut = each.get("para").getAsDouble();
        TokenLaw.Truncation truncation =
            isTopK ? new TokenLaw.TopK((int) cut) : new TokenLaw.TopP(cut);
        int columns = model.description().tokenSpace().vocabularySize() + 1;
        double dt = (1 - 1e-5) / steps;
        double[] shares = IntStream.range(0, steps).mapToDouble(i -> dt / (1 - i * dt)).toArray();
        int length = Peer.tokens(each.getAsJsonArray("ids").get(0))[0].length;
        InTurn noise =
            new InTurn(each.get("batch").getAsInt(), length, isTopK ? (int) cut : columns, shares);
        PublishedMethod.Dream dream =
            new PublishedMethod.Dream(PublishedMethod.Algorithm.RADD, steps, 0);
        SamplingMethod method =
            new Given(
                (schedule, form) ->
                    DreamTrajectory.procedure(
                        schedule, dream, new ColumnDraw(), (own, of) -> noise.of((int) of.index())),
                true);
        check(peer, each, model, method, new TokenLaw(1, List.of(truncation)));
        checkDrawn(each, noise.next);
      }
    }
  }

  static List<Peer> bd3lm() {
    return Peer.of("bd3lm");
  }

  static List<Peer> bd3lmRuns() {
    return Peer.of(peer -> peer.hasCases("trajectories"), "bd3lm");
  }

  /** Uniforms of each position of a block at each pass; and the picks of the runs. */
  private record InBlocks(int block, int entries, int[] picks) implements StepNoise {
    @Override
    public double[][] draws(int pass, int[] positions) {
      double[][] u = new double[entries][positions.length];
      for (int r = 0; r < positions.length; r++) {
        for (int y = 0; y < entries; y++) {
          long place = ((long) pass * block + positions[r] % block) * entries + y;
          u[y][r] = uniform(place);
        }
      }
      return u;
    }

    @Override
    public double[] order(int pass, int[] masked) {
      int pick = picks[Math.min(pass, picks.length - 1)]; // calls are counted beforehand, of masks
      return new double[] {(Math.min(pick, masked.length - 1) + 0.5) / masked.length};
    }
  }

  @ParameterizedTest
  @MethodSource("bd3lmRuns")
  void bd3lm_givesTheTokensOfItsAuthorsCode_withAndWithoutMemory(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      for (JsonObject each : peer.cases("trajectories")) {
        int[] picks =
            Arrays.stream(Peer.numbers(each.get("picks"))).mapToInt(pick -> (int) pick).toArray();
        int size = model.description().tokenSpace().vocabularySize();
        int[] end = Peer.tokens(each.get("end"))[0];
        int[] initial = new int[end.length];
        Arrays.fill(initial, size);
        initial[0] = each.get("bos").getAsInt();
        int block = ((DditConfig) model.description().config().network()).blockSize();
        int steps = picks.length > 0 ? 0 : each.get("steps").getAsInt();
        PublishedMethod.Blockwise method = new PublishedMethod.Blockwise(block, steps);
        SamplingMethod given =
            new Given(
                (schedule, form) ->
                    BlockwiseTrajectory.procedure(
                        schedule,
                        method,
                        new CategoricalDraw(true, steps > 0),
                        (own, of) -> new InBlocks(block, size + 1, picks)),
                false);
        int[] calls = {0};
        int reveals = 0;
        Denoiser counted =
            (zt, condition, rows) -> {
              calls[0]++;
              return model.denoiser().logits(zt, condition, rows);
            };
        for (Denoiser denoiser : List.of(model.denoiser(), counted)) {
          GenerativeModel generative =
              new GenerativeModel(denoiser, model.description().tokenSpace(), model.schedule());
          Sampler sampler =
              new BorrowedKernels(manager, kernels).sampler(generative, given, TokenLaw.MODEL);
          List<InitialSequence> one = List.of(new InitialSequence(initial, 0));
          SeenStates seen = new SeenStates(one);
          String what = peer + " " + each.get("sampler");
          assertThat(sampler.sample(new SampleRequest(one, 0, 1, 1), seen).get(0).tokens())
              .as(what)
              .isEqualTo(end);
          List<int[]> theirs = new ArrayList<>(List.of(initial));
          for (JsonElement state : each.getAsJsonArray("ids")) {
            int[] blocks = Peer.tokens(state)[0]; // those so far
            int[] all = initial.clone();
            System.arraycopy(blocks, 0, all, 0, blocks.length);
            theirs.add(all);
          }
          checkStates(what, seen.of(0), theirs);
          reveals = seen.of(0).size() - 1;
        }
        checkDrawn(each, (long) each.getAsJsonArray("ids").size() * block * (size + 1));
        if (each.has("network_passes")) { // else of another folder
          // With a uniform for each token a call is made where it turns out to reveal nothing.
          assertThat(steps > 0 ? reveals : calls[0])
              .isEqualTo(each.get("network_passes").getAsInt());
        }
      }
    }
  }

  private static Denoiser uncached(Denoiser denoiser) {
    return (zt, condition, rows) -> denoiser.logits(zt, condition, rows);
  }

  /** Several sequences at once, each with a memory of its own, and without. */
  @ParameterizedTest
  @MethodSource("bd3lm")
  void memory_changesNoToken(Peer peer) throws IOException {
    try (SavedModel model = load(peer)) {
      TokenSpace space = model.description().tokenSpace();
      DditConfig config = (DditConfig) model.description().config().network();
      int block = config.blockSize();
      int length = Math.min(3 * block, peer.tokens("x0")[0].length);
      List<InitialSequence> five =
          IntStream.range(0, 5).mapToObj(i -> InitialSequence.masked(space, length, i)).toList();
      for (int steps : new int[] {0, 3, 40}) {
        List<List<int[]>> both = new ArrayList<>();
        for (Denoiser denoiser : List.of(model.denoiser(), uncached(model.denoiser()))) {
          GenerativeModel generative = new GenerativeModel(denoiser, space, model.schedule());
          Sampler sampler =
              new BorrowedKernels(manager, kernels)
                  .sampler(generative, new PublishedMethod.Blockwise(block, steps), TokenLaw.MODEL);
          List<Sample> samples = sampler.sample(new SampleRequest(five, 7, 3, 1));
          both.add(samples.stream().map(Sample::tokens).toList());
        }
        for (int i = 0; i < 5; i++) {
          assertThat(both.get(0).get(i)).doesNotContain(space.maskToken());
          assertThat(both.get(0).get(i)).isEqualTo(both.get(1).get(i));
        }
      }
    }
  }
}
