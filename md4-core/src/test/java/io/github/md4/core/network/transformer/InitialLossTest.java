// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.ExactElbo;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A network that starts from nothing guesses uniformly (spec, Sections 1.2 and 5.4). */
@Tag("exact")
final class InitialLossTest {
  private static final int VOCABULARY = 11;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<TransformerConfig> networks() {
    return Networks.ALL;
  }

  @ParameterizedTest
  @MethodSource("networks")
  void logits_startAtZero(TransformerConfig config) {
    Inputs inputs = Inputs.random(config, 3, 5, VOCABULARY);
    try (Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(71))) {
      assertThat(inputs.logits(manager, network, parameters)).containsOnly(0);
    }
  }

  @Test
  void diffusionTerm_startsAtLogVSqueezed() {
    TransformerConfig config = Networks.OUTSIDE_TIME;
    int[][] x = {{3, 10, 0}};
    try (Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(71))) {
      ExactElbo elbo =
          new ExactElbo(
              manager,
              network.denoiser(parameters),
              new TokenSpace(VOCABULARY),
              x,
              new double[] {1});
      double expected = 3 * (1 - 2e-4) * Math.log(VOCABULARY);
      for (Curve curve : List.of(new Curve.Linear(), new Curve.Cosine(), new Curve.Polynomial(3))) {
        // ln 11 is a float32 number here, good to half a unit of its last place.
        assertThat(elbo.continuous(new MaskingSchedule(curve)))
            .isCloseTo(expected, within(1e-7 * expected));
      }
    }
  }
}
