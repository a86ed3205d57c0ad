// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MetricsLogTest {
  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("metrics.jsonl");
  }

  private static void logSteps(MetricsLog log, int first, int last) throws IOException {
    for (int step = first; step <= last; step++) {
      log.append(step, Map.of("loss", 1.0 / (step + 1)));
      if (step % 2 == 0) {
        log.append(step, "validation", Map.of("loss", 0.1 * step));
      }
    }
  }

  @Test
  void append_writesOneObjectALine() throws IOException {
    Map<String, Number> metrics = new LinkedHashMap<>();
    metrics.put("loss", 1.25);
    metrics.put("tokens", 12_345_678_901L);
    try (MetricsLog log = MetricsLog.open(file(), -1)) {
      log.append(3, metrics);
      log.append(3, "a \"b\"", Map.of("tiny", 1e-9));
    }
    assertThat(file())
        .hasContent(
            """
            {"step":3,"loss":1.25,"tokens":12345678901}
            {"step":3,"split":"a \\"b\\"","tiny":1.0E-9}
            """);
    assertThat(Files.readAllLines(file()))
        .allSatisfy(line -> assertThat(JsonParser.parseString(line).isJsonObject()).isTrue());
  }

  @Test
  void append_writesNanAsNullAndInfinityAsAString() throws IOException {
    try (MetricsLog log = MetricsLog.open(file(), -1)) {
      log.append(1, Map.of("a", Double.NaN));
      log.append(1, Map.of("a", Double.POSITIVE_INFINITY));
      log.append(1, Map.of("a", Float.NEGATIVE_INFINITY));
    }
    assertThat(Files.readAllLines(file()))
        .containsExactly(
            "{\"step\":1,\"a\":null,\"aReason\":\"not a number\"}",
            "{\"step\":1,\"a\":\"Infinity\"}",
            "{\"step\":1,\"a\":\"-Infinity\"}");
  }

  @Test
  void append_saysWhyANumberIsUnknown() throws IOException {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("norm", Double.NaN);
    metrics.put("loss", 1.0);
    try (MetricsLog log = MetricsLog.open(file(), -1)) {
      log.append(1, "train", metrics, Map.of("norm", "nobody reads it", "loss", "not used"));
    }
    assertThat(file())
        .hasContent(
            "{\"step\":1,\"split\":\"train\",\"norm\":null,"
                + "\"normReason\":\"nobody reads it\",\"loss\":1.0}\n");
  }

  @Test
  void append_isOnDiskAtOnce() throws IOException {
    try (MetricsLog log = MetricsLog.open(file(), -1)) {
      log.append(1, Map.of("loss", 2));
      assertThat(Files.readString(file())).isEqualTo("{\"step\":1,\"loss\":2}\n");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 4, 5, 10})
  void open_makesAResumedRunsFileThatOfAnUninterruptedOne(int resumeStep) throws IOException {
    Path whole = folder.resolve("whole.jsonl");
    try (MetricsLog log = MetricsLog.open(whole, -1)) {
      logSteps(log, 0, 13);
    }
    try (MetricsLog log = MetricsLog.open(file(), -1)) {
      logSteps(log, 0, 10);
    }
    try (MetricsLog log = MetricsLog.open(file(), resumeStep)) {
      logSteps(log, resumeStep + 1, 13);
    }
    assertThat(file()).hasSameTextualContentAs(whole);
  }

  @Test
  void open_removesALineCutOffByACrash() throws IOException {
    Files.writeString(file(), "{\"step\":1}\n{\"step\":2,\"lo");
    MetricsLog.open(file(), 5).close();
    assertThat(file()).hasContent("{\"step\":1}\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "[1]",
        "{\"loss\":1}",
        "{\"step\":\"x\"}",
        "",
        "{\"step\":[]}",
        "{\"step\":null}"
      })
  void open_refusesAFileThatIsNoLog(String line) throws IOException {
    Files.writeString(file(), "{\"step\":1}\n" + line + "\n{\"step\":2}\n");
    assertThatThrownBy(() -> MetricsLog.open(file(), 5))
        .isInstanceOf(InvalidDataException.class)
        .hasMessage(file() + ": line 2 is not a JSON object with a step; move the file away");
  }

  @Test
  void append_refusesAStepBackAndReservedNames() throws IOException {
    try (MetricsLog log = MetricsLog.open(file(), 6)) {
      log.append(7, Map.of());
      assertThatThrownBy(() -> log.append(5, Map.of()))
          .hasMessage("step must not decrease: 5 after 7");
      assertThatThrownBy(() -> log.append(7, Map.of("split", 1)))
          .hasMessage("a metric must not be named split");
    }
    assertThat(file()).hasContent("{\"step\":7}\n");
  }
}
