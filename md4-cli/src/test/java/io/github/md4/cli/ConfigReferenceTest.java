// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.config.ConfigSchema;
import io.github.md4.cli.config.KeyReference;
import io.github.md4.cli.experiment.Experiment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The reference of configs against the records. With {@code -Dmd4.record=true} the files are
 * written instead.
 */
@Tag("exact")
final class ConfigReferenceTest {
  private static final Path ROOT = Path.of("..");
  private static final Path TEXTS =
      Path.of("src", "main", "resources", "io", "github", "md4", "cli", "config", "keys.json");
  private static final Path SCHEMA = ROOT.resolve("configs").resolve("schema.json");
  private static final Path PAGE = ROOT.resolve("docs").resolve("config.md");
  private static final String HEAD =
      """
      # Keys of a config

      A config is a YAML file with `version: 1`. `md4 config init` writes one for your data, `md4 config show`
      prints one with all defaults, and `md4 config show --explain KEY` prints a row of this table. An editor that
      knows JSON Schema checks a file that begins with `# yaml-language-server: $schema=schema.json`, with the
      path of [configs/schema.json](../configs/schema.json).

      A choice between kinds stands in parentheses: `model.network(unet).width` is the key `width` of
      `model.network` where its `kind` is `unet`. This page is generated from the records of the program.

      """;

  private static final Pattern RECORD =
      Pattern.compile(
          "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:@\\w+\\s*)*(?:public )?record (\\w+)\\(",
          Pattern.DOTALL);
  private static final Pattern PARAMETER =
      Pattern.compile("@param (\\w+) ((?:(?!\n\\s*\\*\\s*@|\n\\s*\\*\\s*\n).)*)", Pattern.DOTALL);

  private static void holds(Path file, String expected) throws IOException {
    if (Boolean.getBoolean("md4.record")) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, expected);
    }
    assertThat(file).content().isEqualTo(expected);
  }

  @Test
  void texts_areThoseOfTheSources() throws IOException {
    Map<String, ObjectNode> found = new TreeMap<>();
    Map<String, String> sources = new TreeMap<>();
    for (String module : List.of("md4-core", "md4-train", "md4-cli")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          sources.put(file.getFileName().toString(), Files.readString(file));
        }
      }
    }
    sources.values().forEach(source -> collect(source, sources, found));
    ObjectNode texts = new JsonMapper().createObjectNode();
    KeyReference.records(Experiment.class)
        .forEach(name -> found.forEach((key, text) -> add(name, key, text, texts)));
    holds(TEXTS, texts.toPrettyString() + "\n");
  }

  private static void add(String record, String key, ObjectNode text, ObjectNode texts) {
    if (key.startsWith(record + ".")) {
      texts.set(key, text);
    }
  }

  private static void collect(
      String source, Map<String, String> sources, Map<String, ObjectNode> found) {
    Matcher name = Pattern.compile("\npackage ([\\w.]+);").matcher(source);
    if (!name.find()) {
      return;
    }
    Matcher outer =
        Pattern.compile("\n(?:public )?(?:sealed |final )*(?:record|interface|class|enum) (\\w+)")
            .matcher(source);
    String top = outer.find() ? outer.group(1) : "";
    Matcher record = RECORD.matcher(source);
    while (record.find()) {
      String type = record.group(2).equals(top) ? top : top + "$" + record.group(2);
      Matcher parameter = PARAMETER.matcher(record.group(1));
      while (parameter.find()) {
        ObjectNode text = new JsonMapper().createObjectNode();
        text.put("meaning", plain(parameter.group(2)));
        text.put("range", range(source, parameter.group(1), sources));
        found.put(name.group(1) + "." + type + "." + parameter.group(1), text);
      }
    }
  }

  private static String plain(String text) {
    return text.replaceAll("\\s*\n\\s*\\*\\s*", " ")
        .replaceAll("\\{@(?:code|link) ([^}]*)}", "$1")
        .replace("#", "")
        .strip();
  }

  /**
   * Returns what a check of the record says of a key, or that of a record which it makes of the
   * same keys, or the reader of the key's type.
   */
  private static String range(String source, String key, Map<String, String> sources) {
    Optional<String> checked = range(source, key);
    if (checked.isPresent()) {
      return checked.get();
    }
    Matcher made = Pattern.compile("new (\\w+Config)\\(").matcher(source);
    while (made.find()) {
      Optional<String> ofMade =
          Optional.ofNullable(sources.get(made.group(1) + ".java"))
              .filter(other -> !other.equals(source))
              .flatMap(other -> range(other, key));
      if (ofMade.isPresent()) {
        return ofMade.get();
      }
    }
    Matcher type = Pattern.compile("(?<!\\.)\\b([A-Z]\\w+) " + key + "[,)]").matcher(source);
    return type.find()
        ? Optional.ofNullable(sources.get(type.group(1) + ".java"))
            .flatMap(reader -> range(reader, "\\w+"))
            .orElse("")
        : "";
  }

  /** Returns the value of an integer constant, without a sign between its thousands. */
  private static String constant(String source, String name) {
    Matcher value = Pattern.compile("int " + name + " = ([\\d_]+|1 << \\d+);").matcher(source);
    if (name == null || !value.find()) {
      return "";
    }
    String digits = value.group(1).replace("_", "");
    return digits.startsWith("1 << ") ? "" + (1 << Integer.parseInt(digits.substring(5))) : digits;
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  private static Optional<String> range(String source, String key) {
    Matcher range =
        Pattern.compile("\"" + key + " (must [^\"%:]*)(?:\" \\+ (\\w+) \\+ \"([^\":]*))?")
            .matcher(source);
    return range.find()
        ? Optional.of(
            (range.group(1) + constant(source, range.group(2)) + orEmpty(range.group(3)))
                .replaceAll(", but is.*|; it is.*|, as$| \\(\\)?$", "")
                .strip())
        : Optional.empty();
  }

  @Test
  void everyKey_hasAMeaning() {
    assertThat(KeyReference.of(Experiment.class))
        .filteredOn(key -> key.meaning().isEmpty())
        .extracting(KeyReference.Key::path)
        .isEmpty();
  }

  @Test
  void schema_isThatOfTheRecords() throws IOException {
    holds(SCHEMA, ConfigSchema.of(Experiment.class));
  }

  @Test
  void page_isThatOfTheRecords() throws IOException {
    holds(PAGE, HEAD + table());
  }

  /** Returns a row for each key. */
  private static String table() {
    StringBuilder page = new StringBuilder();
    page.append("| key | type | default | range | meaning |\n|---|---|---|---|---|\n");
    for (KeyReference.Key key : KeyReference.of(Experiment.class)) {
      boolean isWords = key.standard().startsWith("that of") || key.standard().equals("required");
      page.append(
          "| `%s` | %s | %s | %s | %s |%n"
              .formatted(
                  key.path(),
                  key.type(),
                  isWords ? key.standard() : "`" + key.standard() + "`",
                  cell(key.range()),
                  cell(key.meaning())));
    }
    return page.toString();
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}
