// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

@Tag("golden")
final class TimeEmbeddingGoldenTest {
  private static final Pattern AT = Pattern.compile("dim(\\d+)_at_(\\d+)");
  private static final Pattern ALL = Pattern.compile("dim(\\d+)");

  /**
   * The reference multiplies and takes sines in float32: an angle of up to 1000 has an error of up
   * to half a unit of its last place, 3e-5, where ours comes from a double.
   */
  private static final double TOLERANCE = 3.2e-5;

  @TestFactory
  List<DynamicTest> embedding_isTheReference() {
    if (!Golden.has(Golden.root(), "time_embedding")) {
      return List.of(Golden.missing("time_embedding"));
    }
    JsonObject section = Golden.section("time_embedding");
    List<DynamicTest> tests = new ArrayList<>();
    for (Map.Entry<String, com.google.gson.JsonElement> entry : section.entrySet()) {
      Matcher at = AT.matcher(entry.getKey());
      Matcher all = ALL.matcher(entry.getKey());
      if (at.matches()) {
        double t = Integer.parseInt(at.group(2)) / 1000.0;
        double[] expected = Golden.doubles(entry.getValue());
        int width = Integer.parseInt(at.group(1));
        tests.add(DynamicTest.dynamicTest(entry.getKey(), () -> check(t, width, expected)));
      } else if (all.matches()) {
        double[] times = Golden.doubles(Golden.field(section, "t_times_1000"));
        double[][] expected = Golden.rows(entry.getValue());
        int width = Integer.parseInt(all.group(1));
        for (int i = 0; i < times.length; i++) {
          double t = times[i] / 1000;
          double[] row = expected[i];
          tests.add(
              DynamicTest.dynamicTest(
                  entry.getKey() + " at " + times[i], () -> check(t, width, row)));
        }
      }
    }
    return tests;
  }

  private static void check(double t, int width, double[] expected) {
    float[] ours = TimeEmbedding.of(t, width);
    assertThat(ours).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) ours[i]).as("feature " + i).isCloseTo(expected[i], within(TOLERANCE));
    }
  }
}
