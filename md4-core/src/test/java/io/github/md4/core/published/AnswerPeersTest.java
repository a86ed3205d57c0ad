// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.PromptGuidedDenoiser;
import io.github.md4.core.likelihood.AnswerLikelihood;
import io.github.md4.core.likelihood.AnswerLikelihood.Pair;
import io.github.md4.core.likelihood.AnswerMasks;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The likelihood of answers beside LLaDA's own code, on the masks that it drew. */
@Tag("golden")
final class AnswerPeersTest {
  static List<Peer> peers() {
    return Peer.of(peer -> peer.offers("likelihood"), "llada");
  }

  @ParameterizedTest
  @MethodSource("peers")
  void nats_areThoseOfTheAuthorsCode(Peer peer) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        SavedModel model =
            SavedModel.load(peer.folder(), Weights.EMA, manager, Precision.FLOAT32)) {
      Optional<MaskingSchedule> schedule =
          model.schedule().match(Optional::of, x -> Optional.empty());
      AnswerLikelihood likelihood =
          new AnswerLikelihood(model.description().tokenSpace(), schedule.orElseThrow());
      for (JsonObject given : peer.cases("likelihood")) {
        Pair pair = new Pair(tokens(given, "prompt"), tokens(given, "answer"));
        double[] ours =
            likelihood.nats(manager, guided(model, given, pair), pair, drawn(given, peer, pair));
        double[] value = {-Arrays.stream(ours).average().orElseThrow()};
        Peer.check(peer + " answers", value, Peer.numbers(given.get("value")), Peer.LOSSES);
      }
    }
  }

  private static int[] tokens(JsonObject given, String name) {
    return Arrays.stream(Peer.numbers(given.get(name))).mapToInt(x -> (int) x).toArray();
  }

  /** Returns the masks of all rounds, whose draws are as many, so that one mean is that of both. */
  private static List<AnswerMasks.Draw> drawn(JsonObject given, Peer peer, Pair pair) {
    int start = pair.prompt().length;
    int tokens = pair.answer().length;
    List<AnswerMasks.Draw> drawn = new ArrayList<>();
    for (int round = 0; round < given.getAsJsonArray("rows").size(); round++) {
      int[][] rows = Peer.tokens(given.getAsJsonArray("rows").get(round));
      double[] shares = Peer.numbers(given.getAsJsonArray("share").get(round));
      for (int b = 0; b < rows.length; b++) {
        int[] row = rows[b];
        int[] positions =
            IntStream.range(0, tokens).filter(i -> row[start + i] == peer.id("mask")).toArray();
        assertThat((double) positions.length / tokens).isCloseTo(shares[b], within(1e-7));
        drawn.add(new AnswerMasks.Draw(positions, (double) tokens / positions.length));
      }
    }
    return drawn;
  }

  private static Denoiser guided(SavedModel model, JsonObject given, Pair pair) {
    Denoiser denoiser = model.denoiser().withMaskColumn();
    double scale = given.has("cfg_scale") ? given.get("cfg_scale").getAsDouble() : 0;
    boolean[] isGiven = new boolean[pair.whole().length];
    Arrays.fill(isGiven, 0, pair.prompt().length, true);
    int mask = model.description().tokenSpace().maskToken();
    return scale == 0 ? denoiser : new PromptGuidedDenoiser(denoiser, mask, scale, isGiven);
  }
}
