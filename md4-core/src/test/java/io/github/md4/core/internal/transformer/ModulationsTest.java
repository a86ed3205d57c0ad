// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The modulations of all layers, joined or apart, against plain loops. */
final class ModulationsTest {
  private static final int EXAMPLES = 3;
  private static final long WIDTH = 4;
  private static final int CONDITION = 5;

  /** Of two layers and of the head. */
  private static final List<Integer> VECTORS = List.of(6, 6, 2);

  /** DJL's own casts know no bfloat16. */
  private static final String CASTS =
      """

      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.to(x, self.dtype)
      def wide(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.to(x, 6)
      """;

  @ParameterizedTest
  @CsvSource({
    "modulations.torchscript, FLOAT32",
    "modulations.torchscript, BFLOAT16",
    "modulations-apart.torchscript, FLOAT32",
    "modulations-apart.torchscript, BFLOAT16"
  })
  void vectorsAndGradients_areThoseOfPlainLoops(String resource, Precision precision) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        TorchScript script = script(manager, resource, precision)) {
      NDArray c = narrow(script, normal(manager, EXAMPLES, CONDITION));
      NDList w = each(k -> narrow(script, normal(manager, k * WIDTH, CONDITION)));
      NDList b = each(k -> narrow(script, normal(manager, k * WIDTH)));
      int all = VECTORS.stream().mapToInt(k -> k).sum();
      NDArray dm = normal(manager, EXAMPLES, all, WIDTH);
      NDList into =
          each(k -> narrow(script, manager.zeros(new Shape(k * WIDTH, CONDITION))))
              .addAll(each(k -> narrow(script, manager.zeros(new Shape(k * WIDTH)))));
      NDArray vectors = script.run(manager, "modulations", c, w, b).singletonOrThrow();
      NDArray dc = script.run(manager, "modulationsBackward", dm, c, w, into).singletonOrThrow();
      assertThat(vectors.getShape()).isEqualTo(new Shape(EXAMPLES, all, WIDTH));
      assertThat(dc.getDataType()).isEqualTo(DataType.FLOAT32);
      float[] made = floats(script, vectors);
      float[] inputs = floats(script, c);
      float[] gradients = floats(script, dm);
      float[] narrow = floats(script, narrow(script, dm)); // what products take
      Sum[] expectedDc = Sum.s(EXAMPLES * CONDITION);
      int first = 0;
      for (int part = 0; part < VECTORS.size(); part++) {
        int rows = (int) (VECTORS.get(part) * WIDTH);
        float[] weights = floats(script, w.get(part));
        float[] biases = floats(script, b.get(part));
        float[] weightGradients = floats(script, into.get(part));
        float[] biasGradients = floats(script, into.get(VECTORS.size() + part));
        for (int row = 0; row < rows; row++) {
          Sum[] dw = Sum.s(CONDITION);
          Sum db = new Sum();
          for (int example = 0; example < EXAMPLES; example++) {
            int at = (int) (WIDTH * all * example) + first + row;
            Sum value = new Sum();
            value.add(biases[row]);
            for (int j = 0; j < CONDITION; j++) {
              float input = inputs[example * CONDITION + j];
              float weight = weights[row * CONDITION + j];
              value.add((double) weight * input);
              dw[j].add((double) narrow[at] * input);
              expectedDc[example * CONDITION + j].add((double) narrow[at] * weight);
            }
            db.add(gradients[at]);
            value.check(made[at], precision);
          }
          for (int j = 0; j < CONDITION; j++) {
            dw[j].check(weightGradients[row * CONDITION + j], precision);
          }
          db.check(biasGradients[row], precision);
        }
        first += rows;
      }
      float[] conditionGradients = floats(script, dc);
      for (int i = 0; i < conditionGradients.length; i++) {
        expectedDc[i].check(conditionGradients[i], precision);
      }
    }
  }

  /** A sum and the sum of its terms' absolute values. */
  private static final class Sum {
    private double sum;
    private double magnitude;

    static Sum[] s(int count) {
      return Stream.generate(Sum::new).limit(count).toArray(Sum[]::new);
    }

    void add(double term) {
      sum += term;
      magnitude += Math.abs(term);
    }

    void check(float found, Precision precision) {
      assertThat((double) found).isCloseTo(sum, within(rounding(precision) * magnitude));
    }
  }

  /** Sums are in float32, and results are rounded; bfloat16 rounds by up to 2^-8. */
  private static double rounding(Precision precision) {
    return precision == Precision.FLOAT32 ? 1e-6 : 1.0 / 256 + 1e-6;
  }

  /** Returns an array in the script's precision. */
  private static NDArray narrow(TorchScript script, NDArray array) {
    return script.run(array.getManager(), "narrow", array).singletonOrThrow();
  }

  private static float[] floats(TorchScript script, NDArray array) {
    return script.run(array.getManager(), "wide", array).singletonOrThrow().toFloatArray();
  }

  private static TorchScript script(NDManager manager, String resource, Precision precision) {
    Map<String, Object> constants =
        Map.of("dtype", precision.scalarType, "heads", 2, "headWidth", (int) WIDTH / 2);
    String text = TorchScript.resource(FusedBackend.class, resource) + CASTS;
    return TorchScript.load(manager, constants, text);
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
