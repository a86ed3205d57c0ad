// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Decoder;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sampling from left to right, with and without the memory of keys and values. */
final class LeftToRightTest {
  private static final int LENGTH = 3;
  private static final int[] MASKS = {3, 3, 3};

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  static Stream<TransformerConfig> networks() {
    TransformerConfig plain =
        TransformerConfig.defaults()
            .withHeads(4, 6)
            .withLayers(3)
            .withEmbedding(Embedding.INSIDE)
            .withDepthScaledInit(false)
            .withCausal(true);
    return Stream.of(
        plain.withConditioning(Conditioning.ADALN),
        plain.withConditioning(Conditioning.ADALN).withEmbedding(Embedding.OUTSIDE),
        plain.withCondition(TimeFeatures.NONE, 0));
  }

  /** A network with weights of its own, closed with the test's manager. */
  private FrozenDenoiser network(TransformerConfig config) {
    Network network = config.network(manager, 3, Precision.FLOAT32);
    Random random = new Random(5);
    Parameters parameters =
        Parameters.of(
            manager,
            network.specs(),
            (spec, index) -> {
              float[] values = new float[Math.toIntExact(spec.shape().size())];
              for (int i = 0; i < values.length; i++) {
                values[i] = (float) (0.5 * random.nextGaussian());
              }
              return values;
            });
    return network.frozen(manager, parameters);
  }

  private static Denoiser without(Denoiser denoiser) {
    return (zt, condition, rows) -> denoiser.logits(zt, condition, rows);
  }

  /** Piece by piece, in slots out of order, with another sequence between. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void decoder_isTheNetworkAtTheLastPosition(TransformerConfig config) {
    int[][] tokens = {{3, 0, 2, 1, 1, 0, 2}, {3, 2, 2, 0, 1, 2, 1}, {3, 1, 0, 0, 2, 0, 1}};
    int[] ends = {1, 4, 5, 7};
    try (FrozenDenoiser network = network(config);
        Decoder decoder = network.decoder(manager, 3, 7).orElseThrow()) {
      int from = 0;
      for (int to : ends) {
        for (int[] members : new int[][] {{2}, {1, 0}}) {
          int[][] piece = new int[members.length][];
          int[] slots = new int[members.length];
          for (int i = 0; i < members.length; i++) {
            piece[i] = java.util.Arrays.copyOfRange(tokens[members[i]], from, to);
            slots[i] = (members[i] + 1) % 3;
          }
          float[] ours =
              decoder
                  .next(manager, slots, from, piece, Condition.at(0, members.length))
                  .toFloatArray();
          for (int i = 0; i < members.length; i++) {
            float[] whole = logits(network, tokens[members[i]], to - 1);
            for (int v = 0; v < 3; v++) {
              assertThat((double) ours[3 * i + v]).isCloseTo(whole[v], within(2e-5));
            }
          }
        }
        from = to;
      }
    }
  }

  private float[] logits(Denoiser network, int[] shown, int position) {
    try (NDManager scope = manager.newSubManager()) {
      long[] zt = java.util.Arrays.stream(shown).asLongStream().toArray();
      NDArray rows = scope.create(new long[] {position});
      return network.logits(scope.create(zt).expandDims(0), Condition.at(0), rows).toFloatArray();
    }
  }

  private List<Sample> samples(Denoiser denoiser, int count, TokenLaw law, int... template) {
    GenerativeModel model =
        new GenerativeModel(
            denoiser,
            new TokenSpace(3),
            new MaskingSchedule(new Curve.Linear()),
            new Generation.LeftToRight());
    List<InitialSequence> sequences =
        LongStream.range(0, count).mapToObj(i -> new InitialSequence(template, i)).toList();
    return new BorrowedKernels(manager, kernels)
        .sampler(model, new ExactMethod.LeftToRight(), law)
        .sample(new SampleRequest(sequences, 7, 997, 1));
  }

  private double[] law(Denoiser network) {
    double[] law = new double[ExactLaw.STATES];
    for (int state = 0; state < law.length; state++) {
      int[] x = ExactLaw.tokens(state);
      if (x[0] < 3 && x[1] < 3 && x[2] < 3) {
        law[state] = 1;
        int[] shown = {3, x[0], x[1]};
        for (int n = 0; n < LENGTH; n++) {
          law[state] *= softmax(logits(network, shown, n))[x[n]];
        }
      }
    }
    return law;
  }

  private static double[] softmax(float... logits) {
    double[] mu = new double[logits.length];
    double sum = 0;
    for (int v = 0; v < mu.length; v++) {
      mu[v] = Math.exp(logits[v]);
      sum += mu[v];
    }
    for (int v = 0; v < mu.length; v++) {
      mu[v] /= sum;
    }
    return mu;
  }

  /** With memory and without; the false-alarm rate of each is 1e-6. */
  @Test
  @Tag("statistical")
  void samples_followTheProductOfTheNetworksLaws() {
    try (FrozenDenoiser network = network(networks().findFirst().orElseThrow())) {
      double[] law = law(network);
      List<Sample> kept = samples(network, 6_007, TokenLaw.MODEL, MASKS);
      ExactLaw.check(law, ExactLaw.counts(kept));
      List<Sample> plain = samples(without(network), 2_003, TokenLaw.MODEL, MASKS);
      ExactLaw.check(law, ExactLaw.counts(plain));
      long equal =
          java.util.stream.IntStream.range(0, plain.size())
              .filter(i -> java.util.Arrays.equals(plain.get(i).tokens(), kept.get(i).tokens()))
              .count();
      // The same noise: only a uniform within rounding of a boundary makes a difference.
      assertThat(equal).isGreaterThan(plain.size() - 3);
    }
  }

  /** Given tokens stay; a hole sees those before it alone. */
  @Test
  @Tag("exact")
  void templates_areFilledGivenWhatIsBefore() {
    try (FrozenDenoiser network = network(networks().findFirst().orElseThrow())) {
      TokenLaw likeliest = new TokenLaw(0, List.of());
      int[] template = {3, 1, 3};
      for (Sample sample : samples(network, 5, likeliest, template)) {
        int first = argmax(logits(network, new int[] {3, 0, 0}, 0));
        int last = argmax(logits(network, new int[] {3, first, 1}, 2));
        assertThat(sample.tokens()).containsExactly(first, 1, last);
        assertThat(sample.calls()).isEqualTo(2);
        assertThat(sample.filled()).containsExactly(0, 2);
      }
      TokenLaw two = TokenLaw.of(new TokenLaw.TopK(1));
      assertThat(samples(network, 1, two, template).get(0).tokens()[1]).isEqualTo(1);
    }
  }

  private static int argmax(float... logits) {
    int best = 0;
    for (int v = 1; v < logits.length; v++) {
      best = logits[v] > logits[best] ? v : best;
    }
    return best;
  }

  @Test
  @Tag("exact")
  void networksThatSeeAhead_keepNothing() {
    try (FrozenDenoiser network = network(networks().findFirst().orElseThrow().withCausal(false))) {
      assertThat(network.decoder(manager, 1, 3)).isEmpty();
    }
  }
}
