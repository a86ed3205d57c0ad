// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class StoppedTrajectoryTest {
  private static final int LENGTH = 13;
  private static final int COUNT = 20;
  private static final Tokenizer TOKENS = new Tokenizer.Characters("abcdefg");
  private static final List<Integer> STOPS = List.of(2, 5);

  /** What is before its end is what it would be without; what is behind costs no calls. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ancestral(7, uniform, argmax)",
        "first-hitting(argmax)",
        "confidence(1, 0.0)",
        "llada(12, 4, low-confidence, 0.0)",
        "dream-entropy(9, 0.0)"
      })
  void sample_isTheUnstoppedOneUpToItsEnd(String method) {
    SamplingOptions whole = SamplingOptions.defaults().sampler(method).seed(5).temperature(1);
    int[] template = new int[LENGTH];
    Arrays.fill(template, TOKENS.vocabularySize());
    template[0] = 2; // a given token ends nothing
    List<InitialSequence> masked =
        IntStream.range(0, COUNT).mapToObj(i -> new InitialSequence(template, i)).toList();
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    try (MaskedDiffusion model =
        MaskedDiffusion.of(new ContextDenoiser(TOKENS.vocabularySize()), schedule, TOKENS)) {
      List<Sample> all = model.generate(masked, whole, SamplingListener.none());
      List<Sample> stopped =
          model.generate(masked, whole.stoppingAt(STOPS), SamplingListener.none());
      int saved = 0;
      for (int i = 0; i < COUNT; i++) {
        check(all.get(i), stopped.get(i));
        saved += all.get(i).calls() - stopped.get(i).calls();
      }
      assertThat(saved).isPositive();
    }
  }

  private static void check(Sample whole, Sample stopped) {
    int[] tokens = stopped.tokens();
    int end =
        IntStream.range(1, LENGTH)
            .filter(n -> STOPS.contains(tokens[n]))
            .findFirst()
            .orElse(LENGTH);
    assertThat(Arrays.copyOf(tokens, end)).containsExactly(Arrays.copyOf(whole.tokens(), end));
    assertThat(Arrays.stream(tokens)).noneMatch(token -> token == TOKENS.vocabularySize());
    assertThat(stopped.text()).isEqualTo(TOKENS.decode(Arrays.copyOf(tokens, end)));
    assertThat(stopped.calls()).isLessThanOrEqualTo(whole.calls());
  }
}
