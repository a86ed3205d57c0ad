// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.NoDistributionException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A law with NaN gives no token, and a temperature near 0 gives the likeliest. */
@Tag("exact")
final class NoDistributionTest {
  private static final int V = 5;

  private final NDManager manager = NDManager.newBaseManager(Device.cpu());
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  static List<TokenLaw> laws() {
    return List.of(
        TokenLaw.MODEL,
        new TokenLaw(0.7, List.of()),
        new TokenLaw(0, List.of()),
        TokenLaw.of(new TokenLaw.TopP(0.9)),
        TokenLaw.of(new TokenLaw.TopK(2)));
  }

  @ParameterizedTest
  @MethodSource("laws")
  void lawWithNan_givesNoToken(TokenLaw law) {
    float nan = Float.NaN;
    float infinity = Float.POSITIVE_INFINITY;
    float[] logits = {
      nan, nan, nan, nan, nan, 0, 1, nan, 2, 3, 0, infinity, 1, 2, 3, 0, 1, 2, 3, 4
    };
    NDArray rows = manager.create(logits, new Shape(4, V));
    NDArray u = manager.create(new double[] {0.5, 0.5, 0.5, 0.5}, new Shape(1, 4));
    double[] exact =
        new RowDraw.Exact(Confidence.PROBABILITY)
            .draw(kernels, manager, law, rows, u)
            .toDoubleArray();
    NDArray keys =
        manager.create(new double[] {1, 2, 3, 4, 1, 2, 3, 4, 1, 1, 1, 1}, new Shape(3, 4));
    double[] reference =
        new RowDraw.Reference().draw(kernels, manager, law, rows, keys).toDoubleArray();
    for (int row = 0; row < 2; row++) {
      assertNoToken(exact, row);
      assertNoToken(reference, row);
    }
    assertThat(new Draws(exact, 4, 0).token(3)).isBetween(1, V - 1);
    assertThat(new Draws(reference, 4, 0).token(3)).isBetween(0, V - 1);
  }

  private static void assertNoToken(double[] drawn, int row) {
    assertThatThrownBy(() -> new Draws(drawn, 4, 0).token(row))
        .isInstanceOf(NoDistributionException.class)
        .hasMessageContaining("NaN");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, Double.MIN_VALUE, 1e-300, 1e-46, 1e-45, 1e-40, 1e-38, 1e-37, 1e-20})
  void temperatureNearZero_takesTheLikeliest(double temperature) {
    NDArray rows = manager.create(new float[] {-90, 3, 80, 79.9f, 0}, new Shape(1, V));
    NDArray u = manager.create(new double[] {0.999}, new Shape(1, 1));
    double[] drawn =
        new RowDraw.Exact(Confidence.PROBABILITY)
            .draw(kernels, manager, new TokenLaw(temperature, List.of()), rows, u)
            .toDoubleArray();
    assertThat(new Draws(drawn, 1, 0).token(0)).isEqualTo(2);
  }
}
