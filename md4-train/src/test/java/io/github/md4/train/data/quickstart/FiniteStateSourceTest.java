// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.token.Tokenizer.Characters;
import io.github.md4.train.data.quickstart.FiniteStateSource.Chain;
import io.github.md4.train.data.quickstart.FiniteStateSource.State;
import io.github.md4.train.data.quickstart.FiniteStateSource.Step;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class FiniteStateSourceTest {
  /** Five states, three tokens: two states share token 0, two share token 1. */
  private static final Chain CHAIN =
      new Chain(
          List.of(
              new State(0, List.of(new Step(1, 0.5), new Step(2, 0.3), new Step(0, 0.2))),
              new State(1, List.of(new Step(3, 0.9), new Step(4, 0.1))),
              new State(1, List.of(new Step(0, 0.25), new Step(4, 0.75))),
              new State(0, List.of(new Step(2, 1))),
              new State(2, List.of(new Step(0, 0.4), new Step(3, 0.6)))));

  private static final FiniteStateSource TINY = new FiniteStateSource(new Characters("abc"), CHAIN);

  /** Returns P(text) by going through every path of states. */
  private static double naive(int[] text) {
    double total = 0;
    for (int first = 0; first < CHAIN.size(); first++) {
      total += TINY.stationary()[first] * naive(first, text, 0);
    }
    return total;
  }

  private static double naive(int state, int[] text, int at) {
    if (CHAIN.states().get(state).emission() != text[at]) {
      return 0;
    }
    if (at == text.length - 1) {
      return 1;
    }
    double total = 0;
    for (Step step : CHAIN.states().get(state).next()) {
      total += step.probability() * naive(step.to(), text, at + 1);
    }
    return total;
  }

  /** Returns all texts of a length over three tokens. */
  private static List<int[]> texts(int length) {
    return IntStream.range(0, (int) Math.pow(3, length))
        .mapToObj(number -> digits(number, length))
        .toList();
  }

  private static int[] digits(int number, int length) {
    int[] text = new int[length];
    int rest = number;
    for (int i = 0; i < length; i++) {
      text[i] = rest % 3;
      rest /= 3;
    }
    return text;
  }

  @Tag("naive")
  @Test
  void bitsPerToken_isThatOfAllPathsOfStates() {
    for (int length = 1; length <= 7; length++) {
      for (int[] text : texts(length)) {
        double expected = -Math.log(naive(text)) / Math.log(2) / length;
        double bits = TINY.bitsPerToken(text);
        if (Double.isInfinite(expected)) {
          assertThat(bits).isEqualTo(expected);
        } else {
          // Some dozen roundings of numbers near 1.
          assertThat(bits).isCloseTo(expected, within(1e-13));
        }
      }
    }
  }

  @Tag("exact")
  @Test
  void probabilitiesOfAllTexts_sumToOne() {
    for (int length = 1; length <= 8; length++) {
      double bits = length;
      double sum =
          texts(length).stream()
              .mapToDouble(text -> Math.pow(2, -bits * TINY.bitsPerToken(text)))
              .sum();
      // Up to 3^8 terms, each good to 1e-14 of itself.
      assertThat(sum).isCloseTo(1, within(1e-13));
    }
  }

  @Tag("exact")
  @Test
  void stationary_staysAsItIs() {
    for (Chain chain : List.of(CHAIN, Quickstart.source().chain())) {
      double[] law = StationaryLaw.of(chain);
      double[] next = new double[law.length];
      for (int state = 0; state < law.length; state++) {
        for (Step step : chain.states().get(state).next()) {
          next[step.to()] += law[state] * step.probability();
        }
      }
      double difference = 0;
      for (int state = 0; state < law.length; state++) {
        assertThat(law[state]).isPositive();
        difference += Math.abs(next[state] - law[state]);
      }
      // The law sums to 1, each entry good to a few of its own roundings of 1e-16.
      assertThat(difference).isLessThan(1e-15);
      assertThat(Arrays.stream(law).sum()).isCloseTo(1, within(1e-14));
    }
  }

  @Tag("exact")
  @Test
  void stationary_needsEveryStateReachable() {
    State stays = new State(0, List.of(new Step(0, 1)));
    State alsoStays = new State(0, List.of(new Step(1, 1)));
    Chain apart = new Chain(List.of(stays, alsoStays));
    assertThatIllegalArgumentException().isThrownBy(() -> StationaryLaw.of(apart));
  }

  @Tag("exact")
  @Test
  void state_rejectsProbabilitiesThatDoNotSumToOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new State(0, List.of(new Step(0, 0.5), new Step(1, 0.4))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new State(0, List.of(new Step(0, Double.NaN))));
  }

  @Tag("exact")
  @Test
  void bitsPerToken_rejectsAnEmptyChunk() {
    assertThatIllegalArgumentException().isThrownBy(() -> TINY.bitsPerToken(new int[0]));
  }

  @Tag("exact")
  @Test
  void draw_dependsOnItsSeedAlone() {
    int[] longer = TINY.draw(3, 101);
    assertThat(TINY.draw(3, 53)).isEqualTo(Arrays.copyOf(longer, 53));
    assertThat(TINY.draw(4, 101)).isNotEqualTo(longer);
    assertThat(TINY.draw(3, 0)).isEmpty();
  }

  @Tag("statistical")
  @Test
  void draw_hasTheProbabilitiesOfTheSource() {
    int length = 3;
    int draws = 100_000;
    double[] counts = new double[27];
    for (int seed = 0; seed < draws; seed++) {
      int[] text = TINY.draw(seed, length);
      counts[text[0] + 3 * text[1] + 9 * text[2]]++;
    }
    double chiSquare = 0;
    int possible = 0;
    for (int number = 0; number < 27; number++) {
      double expected = draws * naive(digits(number, length));
      if (expected > 0) {
        possible++;
        chiSquare += Math.pow(counts[number] - expected, 2) / expected;
      } else {
        assertThat(counts[number]).isZero();
      }
    }
    // Eight degrees of freedom: above 45 in 4e-7 of seeds.
    assertThat(possible).isEqualTo(9);
    assertThat(chiSquare).isLessThan(45);
  }

  @Tag("statistical")
  @Test
  void draw_visitsTokensAsTheStationaryLawSays() {
    FiniteStateSource tale = Quickstart.source();
    int words = tale.tokenizer().vocabularySize();
    double[] expected = new double[words];
    double[] law = tale.stationary();
    for (int state = 0; state < law.length; state++) {
      expected[tale.chain().states().get(state).emission()] += law[state];
    }
    int length = 1_000_000;
    double[] counts = new double[words];
    for (int id : tale.draw(17, length)) {
      counts[id]++;
    }
    for (int id = 0; id < words; id++) {
      // Words come in sentences, so their counts vary more than independent ones; three times the
      // deviation allows for that, six of those are a false alarm in 1e-8 of seeds.
      double deviation = 3 * Math.sqrt(expected[id] / length);
      assertThat(counts[id] / length).isCloseTo(expected[id], within(6 * deviation));
    }
  }

  @Tag("statistical")
  @Test
  void entropyRate_isBelowThatOfShortChunks() {
    // For TINY: the block entropies bound the rate from above, and it from below by H(X_n | past).
    double ofEight = blockEntropy(8);
    double increment = ofEight - blockEntropy(7);
    double rate = TINY.bitsPerToken(TINY.draw(5, 200_000));
    assertThat(ofEight / 8).isGreaterThan(increment);
    // A chunk's bits have a deviation below 2 a token, so 0.0045 in the mean; five of them.
    assertThat(rate).isCloseTo(increment, within(0.0225));
  }

  private static double blockEntropy(int length) {
    return texts(length).stream()
        .mapToDouble(FiniteStateSourceTest::naive)
        .filter(p -> p > 0)
        .map(p -> -p * Math.log(p) / Math.log(2))
        .sum();
  }
}
