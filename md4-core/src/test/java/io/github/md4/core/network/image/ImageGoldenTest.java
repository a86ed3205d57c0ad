// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/** The official image networks, number by number (spec, Section 11). */
@Tag("golden")
final class ImageGoldenTest {
  /** What the file asks for: the official float32 run itself is 2e-4 from the exact numbers. */
  private static final double LOGITS = 5e-4;

  private final List<DynamicTest> tests = new ArrayList<>();

  @TestFactory
  List<DynamicTest> networks_areTheReference() {
    if (!Golden.has(Golden.root(), "image")) {
      return List.of(Golden.missing("image"));
    }
    JsonObject section = Golden.section("image");
    JsonObject parent = Golden.has(section, "cases") ? Golden.object(section, "cases") : section;
    Map<String, JsonObject> cases = Golden.objects(parent, Pattern.compile(".*"));
    cases.forEach((name, json) -> addCase(name, section, json));
    if (cases.isEmpty()) {
      tests.add(Golden.missing("image / cases"));
    }
    return tests;
  }

  private void addCase(String name, JsonObject section, JsonObject json) {
    if (!Golden.has(json, "params")) {
      tests.add(Golden.missing(name + " (params)"));
      return;
    }
    add(name + " parameters", json, "params", () -> parameters(section, json));
    for (MemoryFormat memoryFormat : MemoryFormat.values()) {
      add(
          name + " logits, " + memoryFormat,
          json,
          "logits",
          () -> logits(section, json, memoryFormat));
    }
    add(name + " sum", json, "logits_sum", () -> sum(section, json));
    add(name + " norm", json, "logits_l2", () -> norm(section, json));
  }

  private void add(String name, JsonObject json, String field, Executable check) {
    tests.add(
        Golden.has(json, field)
            ? DynamicTest.dynamicTest(name, check)
            : Golden.missing(name + " (" + field + ")"));
  }

  private static void parameters(JsonObject section, JsonObject json) {
    ImageReferenceCase reference = new ImageReferenceCase(section, json);
    try (NDManager manager = NDManager.newBaseManager();
        Network network =
            reference.config.network(manager, reference.vocabularySize(), Precision.FLOAT32)) {
      assertThat(reference.leaves(network))
          .containsExactlyInAnyOrderElementsOf(reference.leavesOfFile());
    }
  }

  private static void logits(JsonObject section, JsonObject json, MemoryFormat memoryFormat) {
    double[] expected = Golden.doubles(Golden.field(json, "logits"));
    float[] ours = ours(section, json, memoryFormat);
    assertThat(ours).hasSameSizeAs(expected);
    for (int i = 0; i < ours.length; i++) {
      assertThat((double) ours[i]).as("logit " + i).isCloseTo(expected[i], within(LOGITS));
    }
  }

  /** Errors within the tolerance of a logit, all of one sign. */
  private static void sum(JsonObject section, JsonObject json) {
    check(section, json, "logits_sum", logit -> logit, 1);
  }

  /** Errors within the tolerance of a logit move a norm by at most the root of their number. */
  private static void norm(JsonObject section, JsonObject json) {
    check(section, json, "logits_l2", logit -> logit * logit, 0.5);
  }

  private static void check(
      JsonObject section,
      JsonObject json,
      String field,
      ToDoubleFunction<Double> term,
      double power) {
    float[] ours = ours(section, json, MemoryFormat.CHANNELS_LAST);
    double sum =
        IntStream.range(0, ours.length)
            .mapToDouble(i -> term.applyAsDouble((double) ours[i]))
            .sum();
    double actual = Math.signum(sum) * Math.pow(Math.abs(sum), power);
    assertThat(actual)
        .isCloseTo(
            Golden.field(json, field).getAsDouble(), within(LOGITS * Math.pow(ours.length, power)));
  }

  private static float[] ours(JsonObject section, JsonObject json, MemoryFormat memoryFormat) {
    ImageReferenceCase reference = new ImageReferenceCase(section, json);
    try (NDManager manager = NDManager.newBaseManager();
        Network network =
            reference.config.network(
                manager, reference.vocabularySize(), Precision.FLOAT32, memoryFormat);
        Parameters parameters = reference.parameters(manager, network)) {
      return reference.inputs().logits(manager, network, parameters);
    }
  }
}
