// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.sample.method.CategoricalDraw.draws;
import static io.github.md4.sample.method.CategoricalDraw.largest;
import static io.github.md4.sample.method.PublishedSampling.check;
import static io.github.md4.sample.method.PublishedUniforms.checkDrawn;
import static io.github.md4.sample.method.PublishedUniforms.uniform;
import static io.github.md4.sample.method.SeenStates.checkStates;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.published.Peer;
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
import java.util.List;
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

  private SavedModel load(Peer peer) throws IOException {
    return SavedModel.load(peer.folder(), Weights.EMA, manager, Precision.FLOAT32);
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
            new GivenMethod(
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
        double[] shares =
            IntStream.range(0, steps - 1).mapToDouble(i -> dt / (1 - i * dt)).toArray();
        int mask = model.description().tokenSpace().maskToken();
        List<int[]> initial = List.of(Peer.tokens(each.getAsJsonArray("ids").get(0)));
        // A step draws a uniform at each position of the batch, and some for each token.
        NoiseInTurn noise =
            new NoiseInTurn(initial, mask, shares, isTopK ? (int) cut : columns, true);
        PublishedMethod.Dream dream =
            new PublishedMethod.Dream(PublishedMethod.Algorithm.RADD, steps, 0);
        SamplingMethod method =
            new GivenMethod(
                (schedule, form) ->
                    DreamShareTrajectory.procedure(
                        schedule, dream, new ColumnDraw(), (own, of) -> noise.of((int) of.index())),
                true);
        check(peer, each, model, method, new TokenLaw(1, List.of(truncation)));
        checkDrawn(each, noise.taken());
      }
    }
  }
}
