// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.likelihood.AnswerLikelihood.Estimate;
import io.github.md4.core.likelihood.AnswerLikelihood.Pair;
import io.github.md4.core.likelihood.AnswerLikelihood.Settings;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bounds on the likelihood of answers, beside a sum over all masks by plain loops. */
final class AnswerLikelihoodTest {
  private static final TokenSpace SPACE = new TokenSpace(4);
  private static final int[] PROMPT = {1, 3};
  private static final int[] ANSWER = {2, 0, 3};
  private static final AnswerLikelihood LIKELIHOOD =
      new AnswerLikelihood(SPACE, new MaskingSchedule(Curve.parse("linear")));

  /** The logit of a token at a position: any function of all tokens shown. */
  private static double logit(int[] shown, int position, int token) {
    double sum = token * 0.7 - position * 0.3;
    for (int n = 0; n < shown.length; n++) {
      sum += Math.sin(1.3 * shown[n] * (n + 1) + token * (position + 2));
    }
    return sum;
  }

  private static final Denoiser NETWORK =
      (zt, condition, rows) -> {
        int length = (int) zt.getShape().get(1);
        long[] flat = zt.toLongArray();
        long[] asked = rows.toLongArray();
        float[] logits = new float[asked.length * SPACE.vocabularySize()];
        for (int r = 0; r < asked.length; r++) {
          int start = (int) asked[r] / length * length;
          int[] shown = IntStream.range(0, length).map(n -> (int) flat[start + n]).toArray();
          for (int v = 0; v < SPACE.vocabularySize(); v++) {
            logits[r * SPACE.vocabularySize() + v] =
                (float) logit(shown, (int) asked[r] % length, v);
          }
        }
        return zt.getManager().create(logits, new Shape(asked.length, SPACE.vocabularySize()));
      };

  /** Returns the sum of the losses of masked tokens of the answer; bits of the set say which. */
  private static double losses(int set) {
    int[] shown = IntStream.concat(Arrays.stream(PROMPT), Arrays.stream(ANSWER)).toArray();
    for (int i = 0; i < ANSWER.length; i++) {
      if ((set >> i & 1) == 1) {
        shown[PROMPT.length + i] = SPACE.maskToken();
      }
    }
    double sum = 0;
    for (int i = 0; i < ANSWER.length; i++) {
      if ((set >> i & 1) == 1) {
        int at = PROMPT.length + i;
        double all = 0;
        for (int v = 0; v < SPACE.vocabularySize(); v++) {
          all += Math.exp(logit(shown, at, v));
        }
        sum += Math.log(all) - logit(shown, at, ANSWER[i]);
      }
    }
    return sum;
  }

  /** Returns the sum over all sets of masks, each with a weight by its size. */
  private static double overAll(IntToDoubleFunction weight) {
    double sum = 0;
    for (int set = 1; set < 1 << ANSWER.length; set++) {
      sum += weight.applyAsDouble(Integer.bitCount(set)) * losses(set);
    }
    return sum;
  }

  private static double byCounts() {
    int[] sets = {1, 3, 3, 1}; // of three tokens, by size
    return overAll(k -> 1.0 / ANSWER.length / sets[k] * ANSWER.length / k);
  }

  /** Returns the integral over p by the midpoints of a million pieces. */
  private static double byTimes() {
    int pieces = 1_000_000;
    double[] weights = new double[ANSWER.length + 1];
    for (int piece = 0; piece < pieces; piece++) {
      double p = 1e-3 + (1 - 1e-3) * (piece + 0.5) / pieces;
      for (int k = 1; k < weights.length; k++) {
        weights[k] += Math.pow(p, k - 1.0) * Math.pow(1 - p, ANSWER.length - k) / pieces;
      }
    }
    return overAll(k -> weights[k]);
  }

  /** Five standard errors: a false alarm in 500,000 runs with 400 rounds. */
  @ParameterizedTest
  @Tag("statistical")
  @CsvSource({"COUNTS, 4", "COUNTS, 2", "COUNTS, 1", "TIMES, 4", "TIMES, 1"})
  void mean_isTheSumOverAllMasks(AnswerMasks masks, int draws) {
    double exact = masks == AnswerMasks.COUNTS ? byCounts() : byTimes();
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      Settings settings = new Settings(masks, new Noise(5), 400, draws);
      Estimate estimate =
          LIKELIHOOD.estimate(manager, NETWORK, new Pair(PROMPT, ANSWER), settings, 3);
      assertThat(estimate.nats()).isCloseTo(exact, within(5 * estimate.standardError()));
      assertThat(estimate.standardError()).isLessThan(exact / 10);
    }
  }

  /** Draws of a round are spread: with a draw for each count, each count is there once. */
  @Test
  @Tag("exact")
  void counts_ofAFullRoundAreEachOnce() {
    for (int round = 0; round < 20; round++) {
      List<AnswerMasks.Draw> draws = AnswerMasks.COUNTS.draws(new Noise(1), 2, round, 5, 5);
      assertThat(draws.stream().map(draw -> draw.positions().length).sorted().toList())
          .containsExactly(1, 2, 3, 4, 5);
      draws.forEach(
          draw -> {
            assertThat(draw.weight() * draw.positions().length).isCloseTo(5, within(1e-12));
            assertThat(draw.positions()).isSorted().doesNotHaveDuplicates();
          });
    }
  }

  @Test
  @Tag("exact")
  void nats_areThoseOfPlainLoops() {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      List<AnswerMasks.Draw> drawn =
          List.of(
              new AnswerMasks.Draw(new int[] {0, 2}, 1.5),
              new AnswerMasks.Draw(new int[0], 7),
              new AnswerMasks.Draw(new int[] {1}, 3));
      double[] nats = LIKELIHOOD.nats(manager, NETWORK, new Pair(PROMPT, ANSWER), drawn);
      assertThat(nats).hasSize(3);
      assertThat(nats[0]).isCloseTo(1.5 * losses(0b101), within(1e-5));
      assertThat(nats[1]).isZero();
      assertThat(nats[2]).isCloseTo(3 * losses(0b010), within(1e-5));
    }
  }

  @Test
  @Tag("exact")
  void wrongArguments_areRefused() {
    assertThatThrownBy(() -> new Pair(PROMPT, new int[0])).hasMessageContaining("answer");
    Noise noise = new Noise(1);
    assertThatThrownBy(() -> new Settings(AnswerMasks.COUNTS, noise, 0, 1))
        .hasMessageContaining("rounds must be at least 1");
    assertThatThrownBy(() -> AnswerMasks.TIMES.draws(noise, 0, 0, 0, 1))
        .hasMessageContaining("draws must be at least 1");
    assertThatThrownBy(() -> AnswerMasks.TIMES.draws(noise, 0, 1 << 20, 1 << 12, 1))
        .hasMessageContaining("too many draws");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      List<AnswerMasks.Draw> outside = List.of(new AnswerMasks.Draw(new int[] {3}, 1));
      assertThatThrownBy(() -> LIKELIHOOD.nats(manager, NETWORK, new Pair(PROMPT, ANSWER), outside))
          .hasMessageContaining("positions must be in the answer");
    }
  }
}
