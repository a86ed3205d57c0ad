// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.published.Peer;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.internal.call.ByLength;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Runs of published models by our samplers, and how they are held against their authors' code. */
final class PublishedSampling implements AutoCloseable {
  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }

  SavedModel load(Peer peer) throws IOException {
    return SavedModel.load(peer.folder(), Weights.EMA, manager, Precision.FLOAT32);
  }

  /** Returns the states of each sequence; see {@link SeenStates}. */
  List<List<int[]>> sample(
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
  static List<int[]> prompts(JsonObject given, String name, int masks, int mask) {
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

  static int[] ints(JsonElement array) {
    return Arrays.stream(Peer.numbers(array)).mapToInt(x -> (int) x).toArray();
  }

  /** Compares the last tokens of each sequence with those of the authors' code. */
  static void check(
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
  static void checkRow(
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

  /** What is said of a run beside its tokens. */
  static void checkRest(JsonObject given, List<List<int[]>> ours, int mask) {
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

  static double guidance(JsonObject given) {
    return given.has("cfg_scale") ? given.get("cfg_scale").getAsDouble() : 0;
  }

  static TokenLaw greedy() {
    return new TokenLaw(0, List.of());
  }

  static TokenLaw law(JsonObject given) {
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
  static void checkLastTime(JsonObject given) {
    if (given.has("eps")) {
      assertThat(given.get("eps").getAsDouble()).isEqualTo(1e-3);
    }
  }
}
