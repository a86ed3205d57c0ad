// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.LENGTH;
import static io.github.md4.sample.TinySampling.SEED;
import static io.github.md4.sample.TinySampling.SPACE;
import static io.github.md4.sample.TinySampling.TOKENS;
import static io.github.md4.sample.TinySampling.assertTokens;
import static io.github.md4.sample.TinySampling.masks;
import static io.github.md4.sample.TinySampling.requestOf;
import static io.github.md4.sample.TinySampling.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests of the content of samples, which does not depend on the batch. */
@Tag("exact")
final class SamplerTest {
  private final TinySampling tiny = new TinySampling();

  @AfterEach
  void close() {
    tiny.close();
  }

  static List<SamplingMethod> methods() {
    return Methods.all(17);
  }

  @Test
  void methods_areAllThereAre() {
    Stream<Object> causal = Stream.of(new ExactMethod.LeftToRight());
    assertThat(
            Stream.concat(methods().stream(), causal)
                .map(Object::getClass)
                .collect(Collectors.toSet()))
        .isEqualTo(
            Stream.of(ExactMethod.class, ApproximateMethod.class)
                .flatMap(Methods::variants)
                .collect(Collectors.toSet()));
    assertThat(methods()).extracting(SamplingMethod::name).hasSize(15).contains("remask-cap");
  }

  /** An epsilon of 0.45 leaves almost half of all positions to the end. */
  @Test
  void leftovers_areFilledWithTheMostLikelyAtTimeZero() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Uniform(), 2);
    GenerativeModel model =
        new GenerativeModel(tiny.recording, SPACE, new MaskingSchedule(new Curve.Linear(), 0.45));
    for (SamplingMethod method :
        List.of(
            new ExactMethod.Ancestral(steps),
            new ApproximateMethod.ReferenceAncestral(steps, Leftovers.ARGMAX),
            new ApproximateMethod.Remasked(steps, new Remasking.Cap(0.1), Leftovers.ARGMAX))) {
      tiny.calls.clear();
      int[] sample =
          new Sampler(tiny.manager, tiny.kernels, model, method).sample(masks(1)).get(0).tokens();
      Recording.Call last = tiny.calls.get(tiny.calls.size() - 1);
      assertThat(last.condition().times()).containsExactly(0);
      int[] zt = Arrays.stream(last.zt()).mapToInt(z -> (int) z).toArray();
      assertThat(last.rows()).hasSizeGreaterThan(2);
      for (long n : last.rows()) {
        assertThat(sample[(int) n])
            .isEqualTo(new ContextDenoiser(TOKENS).mostLikely(zt, (int) n, 0));
      }
      assertTokens(sample);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void frozenPositions_neverChange(SamplingMethod method) {
    List<InitialSequence> sequences = new ArrayList<>();
    for (int index = 0; index < 40; index++) {
      double[] u = new Noise(5).uniforms(Purpose.SOURCE, 0, index, 2 * LENGTH);
      int[] zt = new int[LENGTH];
      for (int n = 0; n < LENGTH; n++) {
        zt[n] = u[n] < index / 39.0 ? TOKENS : (int) (TOKENS * u[LENGTH + n]);
      }
      sequences.add(new InitialSequence(zt, index));
    }
    List<Sample> samples = tiny.sampler(method).sample(requestOf(sequences), tiny.hearing);
    for (int index = 0; index < 40; index++) {
      int[] before = sequences.get(index).zt();
      int[] after = samples.get(index).tokens();
      assertTokens(after);
      for (int n = 0; n < LENGTH; n++) {
        if (before[n] != TOKENS) {
          assertThat(after[n]).isEqualTo(before[n]);
        }
      }
    }
    assertThat(samples.get(0).calls()).as("no holes, no calls").isZero();
    assertThat(tiny.hearing.events)
        .allMatch(event -> sequences.get((int) event.sample()).zt()[event.position()] == TOKENS);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void samples_ofATransformerDoNotDependOnTheBatch(SamplingMethod method) {
    try (TinyTransformer network = new TinyTransformer(tiny.manager, TOKENS, 0)) {
      Sampler sampler = tiny.sampler(network.denoiser(), method);
      List<int[]> all = tokens(sampler.sample(masks(11)));
      for (int batchSize : new int[] {1, 2, 5, 100}) {
        assertThat(tokens(sampler.sample(masks(11).withBatchSize(batchSize))))
            .containsExactlyElementsOf(all);
      }
      List<InitialSequence> last = masks(11).sequences().subList(7, 11);
      assertThat(tokens(sampler.sample(requestOf(last))))
          .containsExactlyElementsOf(all.subList(7, 11));
      assertThat(all.get(0)).isNotEqualTo(all.get(1));
      assertThat(tokens(sampler.sample(masks(11).withSeed(SEED + 1))).get(0))
          .isNotEqualTo(all.get(0));
      assertThat(all).allSatisfy(TinySampling::assertTokens);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void events_tellEveryChange(SamplingMethod method) {
    List<Sample> samples = tiny.sampler(method).sample(masks(3), tiny.hearing);
    Map<Long, int[]> states = new HashMap<>();
    Map<Long, Double> times = new HashMap<>();
    for (TokenEvent event : tiny.hearing.events) {
      int[] z =
          states.computeIfAbsent(event.sample(), s -> masks(1).sequences().get(0).zt().clone());
      boolean wasMask = z[event.position()] == TOKENS;
      assertThat(event.token() == TOKENS)
          .as("a token is masked, a mask revealed")
          .isNotEqualTo(wasMask);
      if (wasMask) {
        assertThat(event.probability()).isBetween(0.0, 1.0);
      } else {
        assertThat(event.probability()).isNaN();
      }
      z[event.position()] = event.token();
      assertThat(event.point().time()).isLessThanOrEqualTo(times.getOrDefault(event.sample(), 1.0));
      times.put(event.sample(), event.point().time());
    }
    for (Sample sample : samples) {
      assertThat(states.get(sample.index())).isEqualTo(sample.tokens());
    }
    assertThat(tiny.hearing.finished)
        .extracting(Sample::index)
        .containsExactlyInAnyOrder(0L, 1L, 2L);
    assertThat(tiny.hearing.events.stream().anyMatch(event -> event.token() == TOKENS))
        .isEqualTo(
            method instanceof ApproximateMethod.Remasked
                || method instanceof ApproximateMethod.TauLeaping); // by its corrector
  }

  /** The probability is the network's own, also where tokens are drawn from a truncated law. */
  @Test
  void events_haveTheNetworksProbability() {
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Uniform(), 2000));
    TokenLaw law = TokenLaw.of(new TokenLaw.TopK(1));
    List<Sample> unused =
        new Sampler(tiny.manager, tiny.kernels, tiny.model(tiny.recording), method, law)
            .sample(masks(1), tiny.hearing);
    for (int call = 0; call < tiny.calls.size(); call++) {
      int[] zt = Arrays.stream(tiny.calls.get(call).zt()).mapToInt(z -> (int) z).toArray();
      for (TokenEvent event : tiny.hearing.events) {
        double time = event.point().time();
        if (time == tiny.calls.get(call).condition().times()[0]) {
          double[] mu = new ContextDenoiser(TOKENS).mu(zt, event.position(), time);
          // The denoiser's logits are float32.
          assertThat(event.probability()).isCloseTo(mu[event.token()], within(1e-6));
        }
      }
    }
  }

  @Test
  void mean_drawnExactlyIsAncestral() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 17);
    SamplingMethod mean = new ExactMethod.Mean(steps, Leftovers.ARGMAX);
    assertThat(tokens(tiny.sampler(mean).sample(masks(5))))
        .containsExactlyElementsOf(
            tokens(tiny.sampler(new ExactMethod.Ancestral(steps)).sample(masks(5))));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void sample_leavesNothingBehind(SamplingMethod method) {
    try (NDManager own = tiny.manager.newSubManager()) {
      Sampler sampler =
          new Sampler(
              own, tiny.kernels, tiny.model(new ContextDenoiser(TOKENS)), method, TokenLaw.MODEL);
      int before = tiny.manager.getManagedArrays().size();
      own.cap();
      assertThat(sampler.sample(masks(3).withBatchSize(2))).hasSize(3);
      assertThat(own.getManagedArrays()).isEmpty();
      assertThat(tiny.manager.getManagedArrays().size()).isEqualTo(before);
    }
  }

  @Test
  void tokens_mustBeOfTheSpace() {
    SamplingMethod method = new ExactMethod.FirstHitting(Leftovers.ARGMAX);
    Sampler sampler = tiny.sampler(method);
    SampleRequest request = requestOf(List.of(new InitialSequence(new int[] {0, TOKENS + 1}, 0)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sampler.sample(request))
        .withMessage("a token must be in [0, 7]: 8");
  }
}
