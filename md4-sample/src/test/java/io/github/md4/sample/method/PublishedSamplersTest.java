// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.sample.method.PublishedSampling.check;
import static io.github.md4.sample.method.PublishedSampling.checkLastTime;
import static io.github.md4.sample.method.PublishedSampling.checkRest;
import static io.github.md4.sample.method.PublishedSampling.checkRow;
import static io.github.md4.sample.method.PublishedSampling.greedy;
import static io.github.md4.sample.method.PublishedSampling.guidance;
import static io.github.md4.sample.method.PublishedSampling.ints;
import static io.github.md4.sample.method.PublishedSampling.law;
import static io.github.md4.sample.method.PublishedSampling.prompts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.published.Peer;
import io.github.md4.sample.method.PublishedMethod.Algorithm;
import io.github.md4.sample.method.PublishedMethod.Remasking;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
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
  private PublishedSampling sampling;

  @BeforeEach
  void open() {
    sampling = new PublishedSampling();
  }

  @AfterEach
  void close() {
    sampling.close();
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

  @ParameterizedTest
  @MethodSource("llada")
  void llada_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = sampling.load(peer)) {
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
        List<List<int[]>> ours = sampling.sample(model, initial, method, law(each));
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

  @ParameterizedTest
  @MethodSource("dream")
  void dream_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = sampling.load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      for (JsonObject each : peer.cases("diffusion_generate")) {
        int count = each.get("max_new_tokens").getAsInt();
        PublishedMethod.Dream method =
            new PublishedMethod.Dream(
                algorithm(each.get("alg").getAsString()), each.get("steps").getAsInt(), 0);
        List<int[]> initial = prompts(each, "prompt", count, mask);
        List<List<int[]>> ours = sampling.sample(model, initial, method, law(each));
        check(peer + " " + each, ours, each, "history", count, model, peer);
        checkRest(each, ours, mask);
        checkLastTime(each);
        if (each.has("revealed")) {
          assertThat(counts(method.steps(), count)).isEqualTo(ints(each.get("revealed")));
        }
      }
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
      counts[step] = new DreamTimes(1e-3f, steps).count(step, left);
      left -= counts[step];
    }
    return counts;
  }

  @ParameterizedTest
  @MethodSource("a2d")
  void dllm_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = sampling.load(peer)) {
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
        List<List<int[]>> ours = sampling.sample(model, initial, method, law(each));
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
    try (SavedModel model = sampling.load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      int[] few = {3, 1, mask, 4, 1, 5, 9, 2, mask, 6};
      int[] many = {2, mask, mask, mask, mask, mask, mask, mask, 8, mask};
      int[] longer = {7, 5, 3, mask, mask, mask, mask, mask, mask, mask, mask, mask, mask};
      for (PublishedMethod method : ALL) {
        List<int[]> together =
            ends(sampling.sample(model, List.of(few, many, longer), method, greedy()));
        for (int[] end : together) {
          assertThat(end).as("%s %s", peer, method.text()).doesNotContain(mask);
        }
        List<int[]> alone = ends(sampling.sample(model, List.of(few), method, greedy()));
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
