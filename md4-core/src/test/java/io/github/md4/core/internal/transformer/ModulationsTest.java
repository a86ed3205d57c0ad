// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The modulations of all layers, joined or apart, against plain loops. */
final class ModulationsTest {
  private static final int EXAMPLES = 3;
  private static final long WIDTH = 4;
  private static final int CONDITION = 5;

  /** Of two layers and of the head. */
  private static final List<Integer> VECTORS = List.of(6, 6, 2);

  private static final Offset<Float> ROUNDING = Offset.offset(1e-5f);

  @ParameterizedTest
  @ValueSource(strings = {"modulations.torchscript", "modulations-apart.torchscript"})
  void vectorsAndGradients_areThoseOfPlainLoops(String resource) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        TorchScript script = script(manager, resource)) {
      NDArray c = normal(manager, EXAMPLES, CONDITION);
      NDList w = each(k -> normal(manager, k * WIDTH, CONDITION));
      NDList b = each(k -> normal(manager, k * WIDTH));
      int all = VECTORS.stream().mapToInt(k -> k).sum();
      NDArray dm = normal(manager, EXAMPLES, all, WIDTH);
      NDList into =
          each(k -> manager.zeros(new Shape(k * WIDTH, CONDITION)))
              .addAll(each(k -> manager.zeros(new Shape(k * WIDTH))));
      NDArray vectors = script.run(manager, "modulations", c, w, b).singletonOrThrow();
      NDArray dc = script.run(manager, "modulationsBackward", dm, c, w, into).singletonOrThrow();
      assertThat(vectors.getShape()).isEqualTo(new Shape(EXAMPLES, all, WIDTH));
      float[] made = vectors.toFloatArray();
      float[] gradients = dm.toFloatArray();
      float[] expectedDc = new float[EXAMPLES * CONDITION];
      int first = 0;
      for (int part = 0; part < VECTORS.size(); part++) {
        int rows = (int) (VECTORS.get(part) * WIDTH);
        float[] weights = w.get(part).toFloatArray();
        for (int row = 0; row < rows; row++) {
          float[] dw = new float[CONDITION];
          float db = 0;
          for (int example = 0; example < EXAMPLES; example++) {
            int at = (int) (WIDTH * all * example) + first + row;
            float value = b.get(part).getFloat(row);
            float gradient = gradients[at];
            for (int j = 0; j < CONDITION; j++) {
              float input = c.getFloat(example, j);
              value += weights[row * CONDITION + j] * input;
              dw[j] += gradient * input;
              expectedDc[example * CONDITION + j] += gradient * weights[row * CONDITION + j];
            }
            db += gradient;
            assertThat(made[at]).isCloseTo(value, ROUNDING);
          }
          for (int j = 0; j < CONDITION; j++) {
            assertThat(into.get(part).getFloat(row, j)).isCloseTo(dw[j], ROUNDING);
          }
          assertThat(into.get(VECTORS.size() + part).getFloat(row)).isCloseTo(db, ROUNDING);
        }
        first += rows;
      }
      assertThat(dc.toFloatArray()).containsExactly(expectedDc, ROUNDING);
    }
  }

  private static TorchScript script(NDManager manager, String resource) {
    Map<String, Object> constants =
        Map.of("dtype", Precision.FLOAT32.scalarType, "heads", 2, "headWidth", (int) WIDTH / 2);
    return TorchScript.load(manager, constants, TorchScript.resource(FusedBackend.class, resource));
  }

  private interface Making {
    NDArray of(int vectors);
  }

  private static NDList each(Making making) {
    return new NDList(VECTORS.stream().map(making::of).toList());
  }

  private static NDArray normal(NDManager manager, long... shape) {
    return manager.randomNormal(new Shape(shape));
  }
}
