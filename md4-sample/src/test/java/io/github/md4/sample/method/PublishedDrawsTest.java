// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.sample.method.PublishedSampling.check;
import static io.github.md4.sample.method.PublishedSampling.checkLastTime;
import static io.github.md4.sample.method.PublishedSampling.greedy;
import static io.github.md4.sample.method.PublishedSampling.guidance;
import static io.github.md4.sample.method.PublishedSampling.prompts;
import static io.github.md4.sample.method.PublishedUniforms.uniform;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.published.Peer;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.PublishedMethod.Algorithm;
import io.github.md4.sample.method.PublishedMethod.Remasking;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The authors' samplers that draw, on the uniforms that their code was given. */
@Tag("golden")
final class PublishedDrawsTest {
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
    try (SavedModel model = sampling.load(peer)) {
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
            new GivenMethod(
                (schedule, form) ->
                    BlockTrajectory.procedure(
                        schedule,
                        method,
                        draw,
                        (own, of) ->
                            new PassNoise(
                                (int) of.index(), initial.size(), length, entries, isRandom)),
                true);
        List<List<int[]>> ours = sampling.sample(model, initial, given, greedy());
        check(peer + " noisy " + each, ours, each, "passes", count, model, peer);
        if (each.has("drawn")) {
          PassNoise last = new PassNoise(0, initial.size(), length, entries, isRandom);
          assertThat(last.begin(method.steps())).isEqualTo(each.get("drawn").getAsLong());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dream")
  void dreamsOrigin_givesTheTokensOfItsAuthorsCode(Peer peer) throws IOException {
    try (SavedModel model = sampling.load(peer)) {
      int mask = model.description().tokenSpace().maskToken();
      for (JsonObject each : peer.cases("origin")) {
        int count = each.get("max_new_tokens").getAsInt();
        PublishedMethod.Dream method =
            new PublishedMethod.Dream(Algorithm.ORIGIN, each.get("steps").getAsInt(), 0);
        DreamTimes times = DreamTimes.of(method);
        double[] shares =
            IntStream.range(0, method.steps() - 1).mapToDouble(times::share).toArray();
        List<int[]> initial = prompts(each, "prompt", count, mask);
        NoiseInTurn noise = new NoiseInTurn(initial, mask, shares, 0, false);
        RowDraw draw = new RowDraw.OfLaw(Confidence.PROBABILITY);
        SamplingMethod given =
            new GivenMethod(
                (schedule, form) ->
                    DreamShareTrajectory.procedure(
                        schedule, method, draw, (own, of) -> noise.of((int) of.index())),
                true);
        List<List<int[]>> ours = sampling.sample(model, initial, given, greedy());
        check(peer + " origin", ours, each, "history", count, model, peer);
        checkLastTime(each);
        if (each.has("drawn")) {
          JsonElement before = each.getAsJsonArray("history").get(method.steps() - 2);
          long left = // in the last step theirs draws too, and reveals whatever is drawn
              Arrays.stream(Peer.numbers(before)).filter(id -> id == peer.id("mask")).count();
          assertThat(noise.taken() + left).isEqualTo(each.get("drawn").getAsLong());
        }
      }
    }
  }
}
