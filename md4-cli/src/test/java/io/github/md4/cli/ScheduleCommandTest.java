// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScheduleCommandTest {
  @TempDir private Path folder;

  @Test
  void json_hasEachScheduleAtElevenTimes() {
    List<JsonNode> all = md4("schedule", "--json").succeeded().jsonLines();
    assertThat(all)
        .extracting(json -> json.path("schedule").asText())
        .containsExactly(
            "linear", "cosine", "polynomial(2)", "polynomial(3)", "geometric(1e-5, 20)");
    for (JsonNode schedule : all) {
      assertThat(schedule.path("points")).hasSize(11);
    }
    JsonNode middle = all.get(0).path("points").get(5);
    assertThat(middle.path("t").asDouble()).isEqualTo(0.5);
    assertThat(middle.path("alpha").asDouble()).isCloseTo(0.5, within(1e-15));
    assertThat(middle.path("weight").asDouble()).isCloseTo(-1.9996, within(1e-12));
  }

  @Test
  void infiniteWeights_areNull() {
    JsonNode json = md4("schedule", "--json", "--schedule", "polynomial(0.5)").succeeded().json();
    assertThat(json.path("points").get(0).path("weight").isNull()).isTrue();
  }

  @Test
  void table_isOfTheSchedulesAskedFor() {
    String text = md4("schedule", "--schedule", "cosine", "--schedule", "linear").succeeded().out();
    assertThat(text.lines()).hasSize(24);
    assertThat(text).startsWith("cosine").contains("\nlinear");
  }

  @Test
  void plot_isAPicture() throws IOException {
    Path plot = folder.resolve("out.png");
    md4("schedule", "--plot", plot).check();
    assertThat(Files.readAllBytes(plot)).startsWith(0x89, 'P', 'N', 'G');
  }

  @Test
  void curve_thatIsNoneIsAUsageError() {
    md4("schedule", "--schedule", "sine").failed(2, "'--schedule'", "sine");
  }
}
