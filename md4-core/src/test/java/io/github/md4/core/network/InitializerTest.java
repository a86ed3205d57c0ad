// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.network.transformer.Networks;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.network.transformer.TransformerSpecs;
import io.github.md4.core.noise.Noise;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The initial laws of spec, Section 5.4. */
@Tag("statistical")
final class InitializerTest {
  private static final int SIZE = 100_003;
  private static final Noise NOISE = new Noise(37);

  /** Bounds are five standard errors: a false alarm has probability below 6e-7 each. */
  private static final double ERRORS = 5;

  @Test
  void laws_rejectNumbersOutOfRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Initializer.Normal(Double.NaN))
        .withMessage("a deviation must be at least 0 and finite: NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Initializer.LeCunNormal(0, 1))
        .withMessage("fanIn must be at least 1: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Initializer.LeCunNormal(3, -1))
        .withMessage("a gain must be at least 0 and finite: -1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Initializer.Grid(0, 4))
        .withMessage("columns must be at least 1: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Initializer.Grid(3, 6))
        .withMessage("width must be a multiple of 4: 6");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RotaryAngles(10_000, 7))
        .withMessage("width must be even and at least 2: 7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RotaryAngles(0, 8))
        .withMessage("the base must be above 0: 0.0");
  }

  @Test
  void leCunNormal_hasItsVarianceAndStopsAtTwoDeviations() {
    float[] values = drawn(new Initializer.LeCunNormal(37, 2.0 / 12));
    double variance = 2.0 / 12 / 37;
    assertMoments(values, variance);
    // The deviation of what is truncated, from the normal density and distribution function at 2.
    double inside = 0.954499736103642;
    double density = Math.exp(-2) / Math.sqrt(2 * Math.PI);
    double bound = 2 * Math.sqrt(variance / (1 - 4 * density / inside));
    assertThat(largest(values)).isBetween(0.99 * bound, bound * (1 + 1e-7));
  }

  @Test
  void normal_hasItsVarianceAndTail() {
    float[] values = drawn(new Initializer.Normal(0.125));
    assertMoments(values, 0.125 * 0.125);
    double beyond = 1 - 0.954499736103642;
    int count = 0;
    for (float value : values) {
      count += Math.abs(value) > 0.25 ? 1 : 0;
    }
    assertThat(count / (double) SIZE)
        .isCloseTo(beyond, within(ERRORS * Math.sqrt(beyond * (1 - beyond) / SIZE)));
  }

  @Test
  @Tag("exact")
  void draws_dependOnSeedAndParameter() {
    Initializer normal = new Initializer.Normal(1);
    float[] one = new float[7];
    float[] other = new float[7];
    float[] again = new float[7];
    normal.fill(one, NOISE, 3);
    normal.fill(again, NOISE, 3);
    assertThat(again).isEqualTo(one);
    normal.fill(other, NOISE, 4);
    assertThat(other).doesNotContain(one);
    normal.fill(other, new Noise(38), 3);
    assertThat(other).doesNotContain(one);
  }

  @ParameterizedTest
  @EnumSource
  void parameters_haveTheReferencesVariance(Conditioning conditioning) {
    for (boolean isDepthScaled : new boolean[] {false, true}) {
      TransformerConfig config = config(conditioning, isDepthScaled);
      try (NDManager manager = NDManager.newBaseManager();
          Parameters parameters =
              Parameters.initial(manager, TransformerSpecs.of(config, 31), NOISE)) {
        parameters.byName().forEach((name, array) -> assertLaw(config, name, array));
      }
    }
  }

  private static TransformerConfig config(Conditioning conditioning, boolean isDepthScaled) {
    return TransformerConfig.defaults()
        .withHeads(3, 32)
        .withLayers(5)
        .withCondition(TimeFeatures.T, 7)
        .withConditioning(conditioning)
        .withDepthScaledInit(isDepthScaled);
  }

  private static void assertLaw(TransformerConfig config, String name, NDArray array) {
    float[] values = array.toFloatArray();
    double variance = variance(config, name, array.getShape().tail());
    if (variance == 0) {
      assertThat(values).as(name).containsOnly(0);
    } else {
      assertMoments(values, variance);
    }
  }

  private static double variance(TransformerConfig config, String name, long inputs) {
    boolean isZero =
        name.endsWith(".bias")
            || name.equals("head.weight")
            || (name.contains("modulation") && config.conditioning() == Conditioning.ADALN_ZERO);
    if (isZero) {
      return 0;
    }
    double gain =
        name.contains("feedForward") && config.depthScaledInit() ? 2.0 / config.layers() : 1;
    return gain / inputs;
  }

  @Test
  @Tag("exact")
  void norms_startAtOne() {
    try (NDManager manager = NDManager.newBaseManager();
        Parameters parameters =
            Parameters.initial(manager, TransformerSpecs.of(Networks.INSIDE_PLAIN, 7), NOISE)) {
      for (String name :
          new String[] {
            "layers.2.attention.norm.weight", "layers.0.feedForward.norm.weight", "head.norm.weight"
          }) {
        assertThat(parameters.get(name).toFloatArray()).as(name).containsOnly(1);
      }
    }
  }

  private static float[] drawn(Initializer initializer) {
    float[] values = new float[SIZE];
    initializer.fill(values, NOISE, 2);
    return values;
  }

  /** A variance's standard error is at most that of a normal law: root of 2 / n of it. */
  private static void assertMoments(float[] values, double variance) {
    double mean = 0;
    double square = 0;
    for (float value : values) {
      mean += value / (double) values.length;
      square += (double) value * value / values.length;
    }
    assertThat(mean).isCloseTo(0, within(ERRORS * Math.sqrt(variance / values.length)));
    assertThat(square)
        .isCloseTo(variance, within(ERRORS * variance * Math.sqrt(2.0 / values.length)));
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
