// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.sample.scoring.ScoredSamples;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class GenerativeQualityTest {

  @Test
  void perplexities_areBothAverages() {
    ScoredSamples scored =
        new ScoredSamples(
            List.of(new double[] {Math.log(2), Math.log(8)}, new double[] {Math.log(16)}));
    // All tokens: (2 * 8 * 16)^(1/3); by sample: (4 + 16) / 2.
    assertThat(scored.perplexityOfAllTokens()).isCloseTo(Math.cbrt(256), within(1e-12));
    assertThat(scored.meanOfPerplexities()).isCloseTo(10, within(1e-12));
    // Deviations of 6 each: a sample variance of 72 over two.
    assertThat(scored.meanOfPerplexitiesStandardError()).isCloseTo(6, within(1e-12));
    assertThat(scored.tokens()).isEqualTo(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ScoredSamples(List.of(new double[0])));
    assertThat(new ScoredSamples(List.of(new double[] {1})).meanOfPerplexitiesStandardError())
        .isNaN();
  }

  @Test
  void entropy_isOfEachSamplesOwnTokens() {
    assertThat(SampleDiversity.entropy(new int[] {5, 5, 5})).isZero();
    assertThat(SampleDiversity.entropy(new int[] {3, 1, 2, 0}))
        .isCloseTo(Math.log(4), within(1e-12));
    SampleDiversity diversity =
        SampleDiversity.of(List.of(new int[] {7, 7}, new int[] {1, 2, 1, 2}), 3);
    assertThat(diversity.entropy()).isCloseTo(Math.log(2) / 2, within(1e-12));
  }

  @Test
  void distinct_countsNGramsOfAllSamples() {
    SampleDiversity diversity =
        SampleDiversity.of(List.of(new int[] {1, 2, 1, 2}, new int[] {1, 2}), 5);
    // 2 of 6; (1 2), (2 1) of 4; (1 2 1), (2 1 2) of 2; the whole of 1; none.
    assertThat(diversity.distinct().subList(0, 4)).containsExactly(2 / 6.0, 2 / 4.0, 1.0, 1.0);
    assertThat(diversity.distinct().get(4)).isNaN();
  }
}
