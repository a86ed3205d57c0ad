// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code md4 doctor} on this machine, and on one with a cache that cannot be. */
@Timeout(120)
final class DoctorCommandTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;

  @Test
  void doctor_looksAtAllParts() {
    Ran ran = Ran.md4("doctor", "--json");
    JsonNode json = JSON.valueToTree(ran.json());
    assertThat(json.path("formatVersion").asInt()).isEqualTo(1);
    List<String> parts = new ArrayList<>();
    boolean isBroken = false;
    for (JsonNode finding : json.path("findings")) {
      parts.add(finding.path("part").asText());
      assertThat(finding.path("detail").asText()).isNotEmpty().doesNotContain("\n");
      if (finding.path("part").asText().equals("kernels")) {
        assertThat(finding.path("detail").asText())
            .matches(".*/md4/kernels, [\\d,]+ compiled kernels?, [\\d.,]+ [KMG]iB");
      }
      isBroken |= finding.path("state").asText().equals("broken");
      assertThat(finding.has("remedy")).isEqualTo(!finding.path("state").asText().equals("ok"));
    }
    assertThat(parts)
        .containsExactly(
            "system",
            "Java",
            "names",
            "cache",
            "libtorch",
            "images",
            "GPU",
            "kernels",
            "memory",
            "disk",
            "temp",
            "fonts");
    assertThat(json.path("works").asBoolean()).isEqualTo(!isBroken);
    assertThat(ran.code()).isEqualTo(isBroken ? 1 : 0);
    assertThat(Ran.md4("doctor").out().lines().filter(line -> !line.startsWith("  ")))
        .hasSize(parts.size());
  }

  @Test
  void doctor_namesFolderAndVariableOfACacheThatCannotBe() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    Map<String, String> environment = Map.of("DJL_CACHE_DIR", file.toString());
    try (ChildJvm child = ChildJvm.start(Main.class, environment, "doctor")) {
      List<String> lines = new ArrayList<>();
      for (String line = child.line(); line != null; line = child.line()) {
        lines.add(line);
      }
      int cache =
          lines.indexOf(
              lines.stream()
                  .filter(line -> line.startsWith("broken  cache"))
                  .findFirst()
                  .orElseThrow());
      assertThat(lines.get(cache)).contains(file + " is no folder");
      assertThat(lines.get(cache + 1)).contains("-> name another folder: DJL_CACHE_DIR=FOLDER");
      assertThat(lines).anyMatch(line -> line.startsWith("broken  libtorch"));
      int kernels =
          lines.indexOf(
              lines.stream()
                  .filter(line -> line.startsWith("note    kernels"))
                  .findFirst()
                  .orElseThrow());
      assertThat(lines.get(kernels)).contains(file + "/md4/kernels, 0 compiled kernels");
      assertThat(lines.get(kernels + 1)).contains("-> name another folder: DJL_CACHE_DIR=FOLDER");
      assertThat(child.err()).isEmpty();
      assertThat(child.exitCode()).isEqualTo(1);
    }
  }

  @Test
  void doctor_namesALibraryForProductsThatCannotBeUsed() throws Exception {
    Path missing = folder.resolve("libcublasLt.so.99");
    Map<String, String> environment = Map.of("MD4_CUBLASLT", missing.toString());
    try (ChildJvm child = ChildJvm.start(Main.class, environment, "doctor")) {
      List<String> lines = new ArrayList<>();
      for (String line = child.line(); line != null; line = child.line()) {
        lines.add(line);
      }
      String start = "broken  products   MD4_CUBLASLT names " + missing + ", which is no cuBLASLt";
      int products =
          lines.indexOf(
              lines.stream().filter(line -> line.startsWith(start)).findFirst().orElseThrow());
      assertThat(lines.get(products + 1)).endsWith("-> name another file, or none: docs/gpu.md");
      assertThat(child.exitCode()).isEqualTo(1);
    }
  }

  /** Any command that needs the engine. */
  @Test
  void train_namesFolderAndVariableOfACacheThatCannotBe() throws Exception {
    TinyTraining tiny = TinyTraining.prepare(folder);
    Path file = Files.createFile(folder.resolve("file"));
    Map<String, String> environment = Map.of("DJL_CACHE_DIR", file.toString());
    try (ChildJvm child = ChildJvm.start(Main.class, environment, tiny.words("--dry-run"))) {
      assertThat(child.line()).isNull();
      assertThat(child.err())
          .startsWith("md4: libtorch cannot be unpacked into " + file.resolve("pytorch") + " (")
          .endsWith("or name another folder: DJL_CACHE_DIR=FOLDER\n")
          .hasLineCount(1);
      assertThat(child.exitCode()).isEqualTo(1);
    }
  }
}
