// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Decoder;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.NoDistributionException;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A served model draws as a {@link Sampler} does, by methods that want more of a network. */
@Tag("exact")
final class ServedMethodsTest {
  private static final int TOKENS = 5;
  private static final int LENGTH = 8;
  private static final Schedule SCHEDULE = new MaskingSchedule(new Curve.Linear());

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** A network whose law with the column of the mask is another one. */
  private record MaskReader(Denoiser without, Denoiser with) implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return without.logits(zt, condition, rows);
    }

    @Override
    public Denoiser withMaskColumn() {
      return with;
    }
  }

  private static NDArray sharper(NDArray logits) {
    return logits.mul(-3);
  }

  private static final MaskReader NETWORK =
      new MaskReader(
          new ContextDenoiser(TOKENS),
          (zt, condition, rows) ->
              sharper(new ContextDenoiser(TOKENS).logits(zt, condition, rows)));

  static List<SamplingMethod> published() {
    return List.of(
        SamplingMethod.parse("llada(8, 4, low-confidence, 0)"),
        SamplingMethod.parse("llada(8, 8, low-confidence, 1.5)"),
        SamplingMethod.parse("llada(4, 4, random, 0.7)"));
  }

  @ParameterizedTest
  @MethodSource("published")
  void served_isTheSampler(SamplingMethod method) {
    int[] start = {3, 1, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS};
    List<InitialSequence> sequences =
        IntStream.range(0, 6).mapToObj(i -> new InitialSequence(start, i)).toList();
    GenerativeModel parts = new GenerativeModel(NETWORK, new TokenSpace(TOKENS), SCHEDULE);
    List<int[]> expected =
        new Sampler(manager, kernels, parts, method)
            .sample(SampleRequest.of(sequences).withSeed(9)).stream().map(Sample::tokens).toList();
    try (MaskedDiffusion model =
        MaskedDiffusion.of(NETWORK, SCHEDULE, new Tokenizer.Characters("abcde"))) {
      List<Sample> served =
          model.generate(
              sequences,
              SamplingOptions.defaults().withMethod(method).seed(9),
              SamplingListener.none());
      assertThat(served.stream().map(Sample::tokens).map(Arrays::toString))
          .containsExactlyElementsOf(expected.stream().map(Arrays::toString).toList());
    }
  }

  /** A causal network that counts the tokens that its decoders are shown. */
  private static final class Causal implements Denoiser {
    private final AtomicInteger shown = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();

    /** The logits after tokens are those of the last one. */
    private NDArray after(NDManager scope, int token) {
      float[] logits = new float[TOKENS];
      logits[token % TOKENS] = 1;
      return scope.create(logits).expandDims(0);
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      throw new IllegalStateException("a decoder is faster");
    }

    @Override
    public Optional<Decoder> decoder(NDManager parent, int slots, int length) {
      int unused = open.incrementAndGet();
      return Optional.of(
          new Decoder() {
            @Override
            public NDArray next(
                NDManager scope, int[] of, int past, int[][] tokens, Condition condition) {
              NDList all = new NDList();
              for (int[] each : tokens) {
                int counted = shown.addAndGet(each.length);
                all.add(after(scope, each[each.length - 1] + counted % 2));
              }
              return NDArrays.concat(all, 0);
            }

            @Override
            public void close() {
              int left = open.decrementAndGet();
              assertThat(left).isNotNegative();
            }
          });
    }
  }

  /** The parts of a model that generates from left to right. */
  private record FromLeft(ModelContent parts) implements ModelContent {
    @Override
    public Denoiser denoiser() {
      return parts.denoiser();
    }

    @Override
    public Schedule schedule() {
      return parts.schedule();
    }

    @Override
    public Tokenizer tokenizer() {
      return parts.tokenizer();
    }

    @Override
    public int length() {
      return parts.length();
    }

    @Override
    public Generation generation() {
      return new Generation.LeftToRight();
    }

    @Override
    public Objective objective() {
      return parts.objective();
    }

    @Override
    public RuntimeException damage(NoDistributionException e) {
      return parts.damage(e);
    }

    @Override
    public SavedModel.Description description() {
      return parts.description();
    }

    @Override
    public void close() {}
  }

  /** Keys and values are kept, so that a token is shown once. */
  @Test
  void served_keepsWhatACausalNetworkHasSeen() {
    Causal network = new Causal();
    ModelContent content =
        new FromLeft(
            new ModelContent.OfParts(network, SCHEDULE, new Tokenizer.Characters("abcde"), LENGTH));
    try (MaskedDiffusion model =
        new LoadedDiffusion(NDManager.newBaseManager(), content, ServiceLimits.defaults())) {
      SamplingOptions options =
          SamplingOptions.defaults().withMethod(new ExactMethod.LeftToRight()).seed(3);
      List<Pending<List<Sample>>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(model.submit(model.masked(2), options.seed(i), RequestLimits.none()));
      }
      for (Pending<List<Sample>> each : all) {
        assertThat(each.result().join()).hasSize(2);
      }
    }
    assertThat(network.shown).hasValue(4 * 2 * LENGTH);
    assertThat(network.open).hasValue(0);
  }
}
