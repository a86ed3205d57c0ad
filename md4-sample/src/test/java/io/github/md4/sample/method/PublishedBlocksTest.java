// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.sample.method.PublishedUniforms.checkDrawn;
import static io.github.md4.sample.method.PublishedUniforms.uniform;
import static io.github.md4.sample.method.SeenStates.checkStates;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.ddit.DditConfig;
import io.github.md4.core.published.Peer;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole runs of BD3-LM's sampler by its authors' code, on given uniforms, with and without the
 * memory of the blocks before.
 */
@Tag("golden")
final class PublishedBlocksTest {
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

  private SavedModel load(Peer peer) throws IOException {
    return SavedModel.load(peer.folder(), Weights.EMA, manager, Precision.FLOAT32);
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
            new GivenMethod(
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
