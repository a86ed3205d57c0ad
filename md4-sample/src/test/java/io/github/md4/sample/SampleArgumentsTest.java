// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.token.ImageShape;
import io.github.md4.sample.fid.FeatureMoments;
import io.github.md4.sample.fid.ImageFeatures;
import io.github.md4.sample.quality.NgramModel;
import io.github.md4.sample.quality.SampleQuality;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checks of arguments that the comments of the public types promise. */
final class SampleArgumentsTest {
  private static final Denoiser NEVER_CALLED =
      (zt, condition, rows) -> {
        throw new AssertionError("called");
      };
  private static final int[] TEXT = {0, 1, 2, 1, 0};

  static Stream<ThrowingCallable> wrong() {
    NgramModel model = NgramModel.fit(TEXT, 3, 2);
    ImageShape shape = new ImageShape(2, 2, 1);
    return Stream.of(
        () -> new GuidedDenoiser(NEVER_CALLED, -1, 1),
        () -> new GuidedDenoiser(NEVER_CALLED, 0, Double.NaN),
        () -> SampleDiversity.of(List.of(), 1),
        () -> SampleDiversity.of(List.of(new int[0]), 1),
        () -> SampleDiversity.of(List.of(TEXT), 0),
        () -> new TokenDistribution(new int[0], new float[0]),
        () -> new TokenDistribution(new int[2], new float[3]),
        () -> new TokenDistribution(new int[2], new float[0]),
        () -> new ImageFeatures.Settings(shape, 0, 0),
        () -> new ImageFeatures.Settings(shape, 1, -1),
        () -> NgramModel.fit(TEXT, 0, 1),
        () -> NgramModel.fit(TEXT, 2, 1),
        () -> model.nats(new int[] {3}),
        () -> model.nats(new int[] {-1}),
        () -> SampleQuality.of(List.of(), model, 3),
        () -> SampleQuality.of(List.of(new int[0]), model, 3),
        () -> SampleQuality.of(List.of(TEXT, new int[0]), model, 3),
        () -> new FeatureMoments(0),
        () -> new FeatureMoments(2).add(new float[3]));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void argument_isRejectedOutOfItsRange(ThrowingCallable wrong) {
    assertThatIllegalArgumentException().isThrownBy(wrong);
  }

  /** A token beyond the vocabulary would be one of the next position. */
  @Test
  void tokenDistribution_knowsItsPositionsAndTokensOnly() {
    TokenDistribution law = new TokenDistribution(new int[] {3, 3}, new float[] {1, 2, 3, 4, 5, 6});
    assertThat(law.vocabularySize()).isEqualTo(3);
    assertThat(law.probability(1, 0)).isEqualTo(4);
    assertThat(law.likeliest(0, 2)).containsExactly(2, 1);
    List<ThrowingCallable> beyond =
        List.of(
            () -> law.probability(0, 3),
            () -> law.probability(0, -1),
            () -> law.probability(2, 0),
            () -> law.probability(-1, 0),
            () -> law.likeliest(2, 1));
    for (ThrowingCallable each : beyond) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(each);
    }
  }

  @Test
  void mean_takesAVector() {
    assertThatIllegalStateException()
        .isThrownBy(() -> new FeatureMoments(2).mean())
        .withMessage("a mean takes at least one vector");
  }

  @Test
  void parts_mustBeThere() {
    assertThatNullPointerException().isThrownBy(() -> new GuidedDenoiser(null, 0, 1));
    assertThatNullPointerException().isThrownBy(() -> new ImageFeatures.Settings(null, 1, 1));
    assertThatNullPointerException()
        .isThrownBy(() -> new LoadingOptions(null, null, null))
        .withMessage("weights");
  }
}
