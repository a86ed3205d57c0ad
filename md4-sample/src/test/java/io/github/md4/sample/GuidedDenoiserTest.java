// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class GuidedDenoiserTest {
  private static final int V = 5;
  private static final int NONE = 3;

  /** The logit of token v at a row depends on the example's token there, its class and its time. */
  private static final Denoiser FIXED =
      (zt, condition, rows) -> {
        long[] tokens = zt.toLongArray();
        int length = (int) zt.getShape().get(1);
        long[] at = rows.toLongArray();
        float[] logits = new float[at.length * V];
        for (int r = 0; r < at.length; r++) {
          int example = (int) at[r] / length;
          for (int v = 0; v < V; v++) {
            logits[r * V + v] =
                logit(
                    tokens[(int) at[r]],
                    condition.labels()[example],
                    condition.times()[example],
                    v);
          }
        }
        return zt.getManager().create(logits, new Shape(at.length, V));
      };

  private static float logit(long token, int label, double time, int v) {
    return (float) Math.sin(token + 2.3 * label + 3.1 * time + 0.7 * v);
  }

  @Test
  void logits_areMixedRowByRow() {
    long[][] zt = {{0, 5, 2}, {5, 5, 1}};
    Condition condition = new Condition(new double[] {0.25, 0.75}, new int[] {2, 0});
    long[] rows = {4, 1, 3};
    for (double scale : new double[] {0, 1, 2.5, -1}) {
      try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
        NDArray tokens = manager.create(new long[] {0, 5, 2, 5, 5, 1}, new Shape(2, 3));
        NDArray at = manager.create(rows);
        int before = manager.getManagedArrays().size();
        NDArray logits = new GuidedDenoiser(FIXED, NONE, scale).logits(tokens, condition, at);
        assertThat(manager.getManagedArrays().size()).isEqualTo(before + 1);
        float[] ours = logits.toFloatArray();
        for (int i = 0; i < ours.length; i++) {
          int example = (int) rows[i / V] / 3;
          long token = zt[example][(int) rows[i / V] % 3];
          double time = condition.times()[example];
          double told = logit(token, condition.labels()[example], time, i % V);
          double untold = logit(token, NONE, time, i % V);
          double expected = scale * told + (1 - scale) * untold;
          assertThat((double) ours[i]).isCloseTo(expected, within(1e-6));
        }
      }
    }
  }

  @Test
  void withoutGuidance_eachExampleHasNoClass() {
    Condition condition = new Condition(new double[] {0.25, 0.75}, new int[] {2, 0});
    GuidedDenoiser guided = new GuidedDenoiser(FIXED, NONE, 2.5);
    Condition without = guided.conditionWithout(condition);
    assertThat(without.labels()).containsExactly(NONE, NONE);
    assertThat(without.times()).containsExactly(0.25, 0.75);
    assertThat(guided.factor()).isEqualTo(2.5);
    int[] zt = {0, 5, 2, 5, 5, 1};
    assertThat(guided.tokensWithout(zt)).containsExactly(zt);
  }

  @Test
  void scale_mustBeFinite() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GuidedDenoiser(FIXED, NONE, Double.NaN))
        .withMessage("scale must be finite: NaN");
  }
}
