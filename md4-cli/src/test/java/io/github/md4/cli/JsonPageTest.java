// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.train.data.quickstart.Quickstart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/json.md has every field that a command prints, and no other. */
final class JsonPageTest {
  private static final Path PAGE = Path.of("../docs/json.md");
  private static final Pattern ROW = Pattern.compile("\\| `([^`]+)` \\|.*");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;
  private Path model;
  private Path text;
  private Path data;

  /** The fields that were printed, by the section of the page that has them. */
  private final Map<String, Set<String>> printed = new LinkedHashMap<>();

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("seven"), 1);
    text = Files.writeString(folder.resolve("text.txt"), "abc def fed cab ".repeat(60));
    data = folder.resolve("seven-data");
    print("data text", words("data text --json --vocabulary chars --from", text, "--out", data));
  }

  private void print(String section, Object... args) {
    Ran ran = md4(args);
    assertThat(ran.code()).as(ran.err()).isZero();
    add(section, ran.jsonLines());
  }

  private void add(String section, List<JsonNode> objects) {
    Set<String> fields = printed.computeIfAbsent(section, name -> new TreeSet<>());
    for (JsonNode object : objects) {
      assertThat(object.path("formatVersion").asInt()).as(section).isEqualTo(1);
      collect("", object, fields);
    }
  }

  private static void collect(String path, JsonNode node, Set<String> fields) {
    if (node.isArray()) {
      node.forEach(element -> collect(path + "[]", element, fields));
    }
    node.properties()
        .forEach(
            field -> {
              boolean isReason =
                  field.getKey().endsWith("Reason")
                      && node.path(field.getKey().replaceFirst("Reason$", "")).isNull();
              if (!isReason) {
                String at = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
                if (!field.getValue().isContainerNode() || field.getValue().isEmpty()) {
                  fields.add(at);
                }
                boolean isPlainList =
                    field.getValue().isArray()
                        && !field.getValue().isEmpty()
                        && !field.getValue().get(0).isContainerNode();
                if (isPlainList) {
                  fields.add(at);
                } else {
                  collect(at, field.getValue(), fields);
                }
              }
            });
  }

  private Map<String, Set<String>> documented() throws IOException {
    Map<String, Set<String>> documented = new LinkedHashMap<>();
    String section = "";
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = ROW.matcher(line);
      if (line.startsWith("## ")) {
        section = line.substring(3).replace("`", "");
      } else if (row.matches()) {
        documented.computeIfAbsent(section, name -> new TreeSet<>()).add(row.group(1));
      }
    }
    return documented;
  }

  @Test
  void page_hasTheFieldsThatArePrinted() throws Exception {
    prepareData();
    scoreLikelihoods();
    scoreSamples();
    sample();
    showSchedules();
    measureSpeed();
    planAndExamine();
    importAndExport();
    Map<String, Set<String>> documented = documented();
    assertThat(documented.keySet()).isEqualTo(printed.keySet());
    printed.forEach(
        (section, fields) -> assertThat(documented.get(section)).as(section).isEqualTo(fields));
  }

  private void prepareData() throws IOException {
    print(
        "data tokens",
        words(
            "data tokens --json --vocabulary chars --from",
            text,
            "--out",
            folder.resolve("documents")));
    Path images = FidCommandTest.images(folder, "samples", 51);
    assertThat(images).isRegularFile();
    print(
        "data images",
        words(
            "data images --json --fractions 0.9,0.1 --from",
            folder.resolve("samples.idx"),
            "--labels",
            folder.resolve("samples.labels"),
            "--out",
            folder.resolve("pictures")));
  }

  private void scoreLikelihoods() throws IOException {
    Path valid = data.resolve("valid.bin");
    String score = "evaluate --device cpu --json ";
    print("evaluate", words(score + "--steps 3,inf --any-order --compare " + model, model, valid));
    Path words = folder.resolve("quickstart");
    assertThat(md4(words("data quickstart --out", words)).code()).isZero();
    Path ofWords = new TinyModel(Quickstart.source().tokenizer()).write(folder.resolve("words"), 1);
    print("evaluate", words(score + "--chunks 9", ofWords, words.resolve("test.bin")));
    TinyTraining tiny = TinyTraining.prepare(Files.createDirectories(folder.resolve("tiny")));
    assertThat(tiny.train().code()).isZero();
    print(
        "evaluate",
        words(score + "--chunks 9 --watch", tiny.run(), "--data", tiny.data("valid.bin")));
    Path gpt2 = new TinyModel(new Gpt2Tokenizer()).write(folder.resolve("wide"), 1);
    print(
        "evaluate --suite",
        words(
            score + "--suite zero-shot --steps 10,inf --batch-size 8 --data-dir",
            EvaluateSuiteTest.suite(folder),
            gpt2,
            "--compare",
            gpt2));
    Path losses = folder.resolve("a.csv");
    assertThat(md4(words("evaluate --device cpu", model, valid, "--losses", losses)).code())
        .isZero();
    print(
        "evaluate order",
        words("evaluate order --device cpu --json --model", model, "--data", valid));
    Path items =
        Files.writeString(
            folder.resolve("items.jsonl"),
            "{\"prompt\": \"a\", \"answers\": [\"b\", \"c\"], \"correct\": 1}");
    print(
        "evaluate answers",
        words("evaluate answers --device cpu --json --model", model, "--from", items));
    String both = losses + "," + losses;
    print("compare", words("compare --json --first", both, "--second", both));
  }

  private void scoreSamples() throws IOException {
    Path texts = Files.writeString(folder.resolve("tales"), "the fox sings softly\nthe fox the\n");
    Path reference = folder.resolve("quickstart/test.bin");
    print("quality", words("quality --json --samples", texts, "--reference", reference));
    print(
        "evaluate generative",
        words(
            "evaluate generative --json --device cpu --scorer",
            EvaluateGenerativeCommandTest.scorer(folder),
            "--samples",
            EvaluateGenerativeCommandTest.samples(folder)));
    Path images = folder.resolve("samples/train.bin");
    print(
        "evaluate fid",
        words(
            "evaluate fid --json --device cpu --features",
            FidCommandTest.classifier(folder),
            "--samples",
            images,
            "--reference",
            images));
  }

  private void sample() throws IOException {
    Path report = folder.resolve("report.json");
    String options = " --device cpu --json --steps 9 --top-k 3 ";
    print("sample, infill", words("sample" + options, model, "--report", report));
    print("sample, infill", words("infill" + options + "--template a[MASK*3]", model));
    add("sample, infill --report", List.of(JSON.readTree(Files.readString(report))));
    Path lines = Files.writeString(folder.resolve("lines"), "abc\n");
    print(
        "sample --distribution",
        words("sample --device cpu --json --at 0.5 --distribution", lines, model));
  }

  private void showSchedules() throws IOException {
    print("schedule", words("schedule --json --schedule linear"));
    TinyTraining tiny = TinyTraining.prepare(Files.createDirectories(folder.resolve("learned")));
    Ran trained =
        tiny.train(
            "--set", "model.schedule=learned(1)",
            "--set", "training.samples=2",
            "--set", "sampling.count=0");
    assertThat(trained.code()).as(trained.err()).isZero();
    print(
        "schedule of learned powers",
        words(
            "schedule --json --device cpu --chunks 12 --train",
            tiny.data("train.bin"),
            "--valid",
            tiny.data("valid.bin"),
            tiny.run()));
  }

  private void measureSpeed() throws IOException {
    TinyTraining tiny = new TinyTraining(folder.resolve("tiny"));
    String train = "bench train --json --device cpu --warm-up 2 --steps 5";
    Path earlier = folder.resolve("earlier.json");
    Files.writeString(earlier, md4(words(train, tiny.config())).succeeded().out());
    print("bench train", words(train, tiny.config(), "--compare", earlier));
    print(
        "bench sample",
        words(
            "bench sample --json --device cpu --count 2 --steps 9 --peer-step-ms 7 --peer-gib 2",
            tiny.config()));
    print(
        "bench evaluate",
        words("bench evaluate --json --device cpu --count 2 --passes 2", tiny.config()));
    print("bench model", words("bench model --json --device cpu --repeats 1 --model", model));
  }

  /** A plan, that of a network for a GPU too; this machine, and one with something to mend. */
  private void planAndExamine() throws Exception {
    TinyTraining tiny = new TinyTraining(folder.resolve("tiny"));
    print("plan", words("plan --json --device cpu --seconds 1", tiny.config()));
    String narrow =
        " --set training.precision=bfloat16 --set model.network.heads=2"
            + " --set model.network.headWidth=8 --set model.network.keyValueHeads=2";
    print("plan", words("plan --json --device cpu --seconds 1" + narrow, tiny.config()));
    add("doctor", md4("doctor", "--json").jsonLines());
    Path file = Files.createFile(folder.resolve("file"));
    Map<String, String> noCache = Map.of("DJL_CACHE_DIR", file.toString());
    try (ChildJvm child = ChildJvm.start(Main.class, noCache, "doctor", "--json")) {
      add("doctor", List.of(JSON.readTree(child.line())));
    }
  }

  private void importAndExport() throws IOException {
    Path peer = Path.of("../md4-core/src/test/resources/peers/llada");
    Path imported = folder.resolve("imported");
    print(
        "import",
        words(
            "import --json --from",
            peer,
            "--to",
            imported,
            "--check=" + ImportCommandTest.check(folder)));
    print("export", words("export --json --to", folder.resolve("exported"), imported));
  }
}
