// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Flat;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.train.internal.update.ParameterUpdate;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.LearningRate;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** AdamW under a warm-up and a cosine, with an average: the reference's trajectory. */
@Tag("golden")
final class OptimizerGoldenTest {
  private static final String NUMBER = "([-+.\\deE]*\\d)";

  /**
   * The reference evaluates the cosine in float32: its argument is off by up to 2^-23 and the sum 1
   * + cos by half a unit of the last place of 2, 2^-23 too, in all of {@code base}.
   */
  private static final double RATE = 2.4e-7;

  /**
   * Both sides round parameters of up to 2 to float32 once an update: half a unit of the last place
   * is 6e-8 of them; ten updates of two trajectories that round apart stay within eight units.
   */
  private static final double PARAMETER = 1e-6;

  @TestFactory
  List<DynamicTest> adamW_isTheReference() {
    if (!Golden.has(Golden.root(), "optimizer")) {
      return List.of(Golden.missing("optimizer"));
    }
    JsonObject section = Golden.section("optimizer");
    return List.of(
        DynamicTest.dynamicTest("rates", () -> rates(new Reference(section))),
        DynamicTest.dynamicTest("trajectory", () -> trajectory(new Reference(section))));
  }

  private static void rates(Reference reference) {
    for (int k = 0; k < reference.rows.length; k++) {
      assertThat(reference.rate.at(k))
          .as("update " + k)
          .isCloseTo(reference.rows[k][0], within(RATE * reference.base));
    }
  }

  private static void trajectory(Reference reference) {
    try (NDManager manager = NDManager.newBaseManager();
        OptimizerKernels kernels = new OptimizerKernels(manager)) {
      FlatArrays p = Flat.of(manager, reference.start());
      FlatArrays e = p.copy();
      NDArray slope = manager.create(reference.slopes());
      Trained trained = new Trained(p, p.zeros(Precision.FLOAT32), p.zeros(Precision.FLOAT32), e);
      for (int k = 0; k < reference.rows.length; k++) {
        FlatArrays gradient = Flat.of(manager, p.array(0).mul(slope).toFloatArray());
        ParameterUpdate update = new ParameterUpdate(k + 1L, reference.rate.at(k), reference.ema);
        update.apply(reference.adamW, kernels, trained, gradient);
        check("p after " + k, p.array(0), reference.parameters(k));
        check("ema after " + k, e.array(0), reference.averages(k));
      }
    }
  }

  private static void check(String what, NDArray ours, double[] expected) {
    float[] values = ours.toFloatArray();
    assertThat(values).hasSameSizeAs(expected);
    for (int i = 0; i < values.length; i++) {
      assertThat((double) values[i])
          .as(what + " [" + i + "]")
          .isCloseTo(expected[i], within(PARAMETER * Math.max(1, Math.abs(expected[i]))));
    }
  }

  /** The section, its constants parsed from its description. */
  private static final class Reference {
    private final String description;
    final double[][] rows;
    final double[] scales;
    final AdamW adamW;
    final double base;
    final LearningRate rate;
    final double ema;

    Reference(JsonObject section) {
      description = Golden.field(section, "desc").getAsString();
      rows = Golden.rows(Golden.field(section, "rows"));
      scales =
          Arrays.stream(find("\\bc=\\(([^)]*)\\)", "the loss's factors").split(","))
              .mapToDouble(Double::parseDouble)
              .toArray();
      adamW =
          new AdamW(number("b1"), number("b2"), number("eps"), number("wd")); // as optax names them
      base = number("base");
      rate = rate();
      ema = number("ema");
    }

    private LearningRate rate() {
      long warmUp = (long) number("warmup");
      return switch (find("\\b(cosine|constant)\\b", "the rate's schedule")) {
        case "cosine" -> new LearningRate.WarmUpCosine(base, warmUp, (long) number("total"));
        default -> new LearningRate.Constant(base, warmUp);
      };
    }

    private double number(String name) {
      return Double.parseDouble(find("\\b" + name + "[ =]" + NUMBER, name));
    }

    private String find(String pattern, String what) {
      Matcher found = Pattern.compile(pattern).matcher(description);
      if (!found.find()) {
        throw Golden.skipped(
            Golden.source() + " optimizer / desc does not tell " + what + ": " + description);
      }
      return found.group(1);
    }

    /** The parameters before the first update, which its rate of zero leaves as they are. */
    float[] start() {
      if (rows[0][0] != 0) {
        throw Golden.skipped(
            Golden.source() + " lacks the start: its first update has the rate " + rows[0][0]);
      }
      double[] first = parameters(0);
      float[] start = new float[first.length];
      IntStream.range(0, first.length).forEach(i -> start[i] = (float) first[i]);
      return start;
    }

    /** The gradient of {@code c p^2} over p. */
    float[] slopes() {
      float[] slopes = new float[scales.length];
      IntStream.range(0, slopes.length).forEach(i -> slopes[i] = (float) (2 * scales[i]));
      return slopes;
    }

    double[] parameters(int row) {
      return Arrays.copyOfRange(rows[row], 1, 1 + scales.length);
    }

    double[] averages(int row) {
      return Arrays.copyOfRange(rows[row], 1 + scales.length, 1 + 2 * scales.length);
    }
  }
}
