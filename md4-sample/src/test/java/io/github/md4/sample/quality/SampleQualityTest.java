// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class SampleQualityTest {
  private static final int TOKENS = 3;

  private static int[] text(int length, long seed) {
    double[] u = new Noise(seed).uniforms(Purpose.SOURCE, 0, 0, length);
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      int before = i == 0 ? 0 : tokens[i - 1];
      tokens[i] = u[i] < 0.6 ? (before + 1) % TOKENS : u[i] < 0.9 ? before : 2;
    }
    return tokens;
  }

  /** Counts in loops over the text, the formula from the shortest context on. */
  @Test
  @Tag("naive")
  void probability_isWittenAndBells() {
    int[] fitted = text(97, 1);
    int[] scored = text(31, 2);
    for (int order = 1; order <= 4; order++) {
      NgramModel model = NgramModel.fit(fitted, TOKENS, order);
      for (int i = 0; i < scored.length; i++) {
        assertThat(model.probability(scored, i))
            .isCloseTo(plain(fitted, scored, i, order), within(1e-14));
      }
    }
  }

  private static double plain(int[] fitted, int[] scored, int i, int order) {
    double probability = 1.0 / TOKENS;
    for (int n = 0; n < order && n <= i; n++) {
      int[] history = Arrays.copyOfRange(scored, i - n, i);
      int after = 0;
      int same = 0;
      Set<Integer> different = new HashSet<>();
      for (int j = n; j < fitted.length; j++) {
        if (Arrays.equals(Arrays.copyOfRange(fitted, j - n, j), history)) {
          after++;
          same += fitted[j] == scored[i] ? 1 : 0;
          different.add(fitted[j]);
        }
      }
      if (after > 0) {
        probability = (same + different.size() * probability) / (after + different.size());
      }
    }
    return probability;
  }

  @Test
  @Tag("exact")
  void probabilities_sumToOne() {
    NgramModel model = NgramModel.fit(text(211, 3), TOKENS, 5);
    int[] tokens = text(40, 4);
    for (int i = 0; i < tokens.length; i++) {
      double sum = 0;
      for (int v = 0; v < TOKENS; v++) {
        int[] other = tokens.clone();
        other[i] = v;
        sum += model.probability(other, i);
      }
      assertThat(sum).isCloseTo(1, within(1e-14));
    }
  }

  /** A longer context knows more of a text that has one. */
  @Test
  @Tag("exact")
  void quality_tellsTheTextFromItsShuffling() {
    NgramModel model = NgramModel.fit(text(5000, 5), TOKENS, 3);
    List<int[]> real = List.of(text(300, 6), text(300, 7));
    List<int[]> sorted =
        real.stream().map(tokens -> Arrays.stream(tokens).sorted().toArray()).toList();
    SampleQuality ofReal = SampleQuality.of(real, model, TOKENS);
    SampleQuality ofSorted = SampleQuality.of(sorted, model, TOKENS);
    assertThat(ofReal.unigramEntropy()).isEqualTo(ofSorted.unigramEntropy());
    assertThat(ofReal.bitsPerToken() + 3 * ofReal.bitsPerTokenStandardError())
        .isLessThan(ofSorted.bitsPerToken());
  }

  @Test
  @Tag("exact")
  void entropy_isThatOfAllTokensTogether() {
    NgramModel model = NgramModel.fit(text(50, 8), TOKENS, 1);
    SampleQuality one = SampleQuality.of(List.of(new int[] {0, 0, 1, 1}), model, TOKENS);
    assertThat(one.unigramEntropy()).isCloseTo(1, within(1e-15));
    assertThat(one.bitsPerTokenStandardError()).isNaN();
    SampleQuality same =
        SampleQuality.of(List.of(new int[] {2, 2}, new int[] {2, 2}), model, TOKENS);
    assertThat(same.unigramEntropy()).isZero();
    assertThat(same.bitsPerTokenStandardError()).isZero();
  }

  @Test
  @Tag("exact")
  void impossible_isRefused() {
    NgramModel model = NgramModel.fit(text(50, 8), TOKENS, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SampleQuality.of(List.of(), model, TOKENS));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NgramModel.fit(text(50, 8), 50_257, 5))
        .withMessage("order must be at least 1 and vocabularySize^order below 2^63: 5, 50257");
    assertThatIllegalArgumentException().isThrownBy(() -> NgramModel.fit(text(50, 8), 3, 0));
  }
}
