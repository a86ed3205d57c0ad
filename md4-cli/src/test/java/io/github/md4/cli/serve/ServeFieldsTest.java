// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/service.md has every field that a request takes and that an answer has, and no other. */
final class ServeFieldsTest {
  private static final Path PAGE = Path.of("../docs/service.md");
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
  private static final Pattern KNOWN = Pattern.compile("the fields are (.*)$");

  /** The least that each endpoint is content with. */
  private static final Map<String, String> LEAST =
      Map.of(
          "completions", "\"seed\": 1",
          "infill", "\"template\": \"a[MASK]\"",
          "score", "\"text\": \"abc\"");

  @TempDir private static Path folder;
  private static TestServer server;

  /** The fields that were seen, by the answer that has them. */
  private final Map<String, Set<String>> seen = new LinkedHashMap<>();

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static List<String[]> rows(String section, int columns) throws IOException {
    String text = Files.readString(PAGE);
    String own = text.substring(text.indexOf("\n### " + section + "\n"));
    return own.lines()
        .skip(2)
        .takeWhile(line -> !line.startsWith("### "))
        .filter(line -> line.startsWith("| ") && line.contains("`"))
        .map(line -> line.substring(2).split(" \\|\\s?", columns + 1))
        .toList();
  }

  private static Set<String> documentedOf(String endpoint) throws IOException {
    Set<String> names = new TreeSet<>(Set.of("model", "seed"));
    for (String[] row : rows("Fields", 3)) {
      if (Arrays.asList(row[1].split(", ")).contains(endpoint)) {
        QUOTED.matcher(row[0]).results().forEach(found -> names.add(found.group(1)));
      }
    }
    return names;
  }

  /** A wrong field is answered with the right ones. */
  @Test
  void page_hasTheFieldsOfRequests() throws Exception {
    for (Map.Entry<String, String> each : LEAST.entrySet()) {
      String wrong = "{\"zzzzzzzz\": 1, %s}".formatted(each.getValue());
      Matcher known = KNOWN.matcher(server.post("/v1/" + each.getKey(), wrong).refusal(400));
      assertThat(known.find()).isTrue();
      Set<String> documented = new TreeSet<>(documentedOf(each.getKey()));
      if (documented.remove("stream_options.include_usage")) {
        assertThat(documented.add("stream_options")).isTrue();
      }
      assertThat(new TreeSet<>(List.of(known.group(1).split(", "))))
          .as(each.getKey())
          .isEqualTo(documented);
    }
  }

  private void add(String answer, JsonNode json) {
    collect("", json, seen.computeIfAbsent(answer, unused -> new TreeSet<>()));
  }

  private static void collect(String path, JsonNode node, Set<String> fields) {
    if (node.isArray() && !node.isEmpty() && node.get(0).isObject()) {
      node.forEach(element -> collect(path + "[]", element, fields));
    } else if (node.isObject()) {
      node.properties()
          .forEach(
              field ->
                  collect(
                      path.isEmpty() ? field.getKey() : path + "." + field.getKey(),
                      field.getValue(),
                      fields));
    } else {
      assertThat(fields.add(path) || !path.isEmpty()).isTrue();
    }
  }

  private void addEvents(TestServer.Answer answer) throws IOException {
    String name = "";
    for (String line : answer.body().lines().toList()) {
      if (line.startsWith("event: ")) {
        name = line.substring(7);
      } else if (line.startsWith("data: ")) {
        add(
            name.equals("done") ? "infill, done" : name,
            TestServer.JSON.readTree(line.substring(6)));
      }
    }
  }

  @Test
  void page_hasTheFieldsOfAnswers() throws Exception {
    add("completions", server.post("/v1/completions", "{\"prompt\": \"ab\", \"n\": 2}").good());
    for (String more : Stream.of("", ", \"stream_options\": {\"include_usage\": true}").toList()) {
      String body = "{\"prompt\": \"ab\", \"n\": 2, \"stream\": true%s}".formatted(more);
      for (String data : server.post("/v1/completions", body).data()) {
        if (!data.equals("[DONE]")) {
          add("chunk", TestServer.JSON.readTree(data));
        }
      }
    }
    add("infill, done", server.post("/v1/infill", "{\"template\": \"a[MASK*3]\"}").good());
    addEvents(server.post("/v1/infill", "{\"template\": \"a[MASK*3]\", \"stream\": true}"));
    add("score", server.post("/v1/score", "{\"text\": \"abc\"}").good());
    add("models", server.get("/v1/models").good());
    add("health", server.get("/health").good());
    add("error", server.post("/v1/score", "{}").json());
    Map<String, Set<String>> documented = new LinkedHashMap<>();
    for (String[] row : rows("Answers", 4)) {
      Matcher name = QUOTED.matcher(row[1]);
      assertThat(name.matches()).as(row[1]).isTrue();
      assertThat(documented.computeIfAbsent(row[0], unused -> new TreeSet<>()).add(name.group(1)))
          .as("once: %s", row[1])
          .isTrue();
    }
    assertThat(documented.keySet()).isEqualTo(seen.keySet());
    seen.forEach((answer, names) -> assertThat(names).as(answer).isEqualTo(documented.get(answer)));
  }
}
