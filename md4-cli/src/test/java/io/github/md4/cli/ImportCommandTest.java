// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of others, and ours for others. */
@Tag("exact")
final class ImportCommandTest {
  private static final Path PEERS = Path.of("../md4-core/src/test/resources/peers");

  @TempDir private Path folder;

  private Path imported(String name) {
    Path model = folder.resolve(name);
    md4("import", "--from", PEERS.resolve(name), "--to", model).check();
    return model;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mdlm",
        "mdlm-time",
        "sedd",
        "radd",
        "bd3lm",
        "llada",
        "llada-bf16",
        "dream",
        "a2d-qwen2"
      })
  void model_goesBackByteForByte(String name) throws IOException {
    Path back = folder.resolve("back");
    md4("export", "--model", imported(name), "--to", back).check();
    try (Stream<Path> files = Files.list(PEERS.resolve(name))) {
      for (Path file : files.filter(each -> !each.endsWith("expected.json")).toList()) {
        String own = file.getFileName().toString();
        if (own.endsWith(".safetensors")) {
          assertThat(tensors(back.resolve(own))).isEqualTo(tensors(file));
        } else {
          assertThat(back.resolve(own)).as(own).hasSameBinaryContentAs(file);
        }
      }
    }
  }

  @Test
  void layoutOfAnotherModel_isRefused() throws IOException {
    Path other = TinyModel.OF_SEVEN.write(folder.resolve("other"), 1);
    Path back = folder.resolve("back");
    md4("export", "--model", other, "--like", imported("mdlm"), "--to", back)
        .failed(3, "it was trained from another model");
    md4("export", "--model", other, "--like", other, "--to", back)
        .failed(3, "was not made from a published model by md4 import");
    assertThat(back).doesNotExist();
  }

  /** Returns each tensor's type, shape and bytes by its name, in one text. */
  private static String tensors(Path file) throws IOException {
    byte[] all = Files.readAllBytes(file);
    int length = (int) ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong();
    JsonObject header =
        JsonParser.parseString(new String(all, 8, length, StandardCharsets.UTF_8))
            .getAsJsonObject();
    return header.entrySet().stream()
        .filter(each -> !each.getKey().equals("__metadata__"))
        .sorted(Map.Entry.comparingByKey())
        .map(
            each -> {
              JsonObject entry = each.getValue().getAsJsonObject();
              int begin = entry.getAsJsonArray("data_offsets").get(0).getAsInt() + 8 + length;
              int end = entry.getAsJsonArray("data_offsets").get(1).getAsInt() + 8 + length;
              return each.getKey()
                  + entry.get("dtype")
                  + entry.get("shape")
                  + Arrays.hashCode(Arrays.copyOfRange(all, begin, end));
            })
        .collect(Collectors.joining("\n"));
  }

  /** The folder itself and the model made of it give the same tokens. */
  @Test
  void infill_takesTheFolderItself() {
    List<Object> with =
        List.of("infill", "--json", "--block", "3", "--sampler", "llada", "--steps", "6");
    Ran ours = md4(with(with, imported("llada")));
    Ran theirs = md4(with(with, PEERS.resolve("llada")));
    ours.check();
    assertThat(theirs.out()).isEqualTo(ours.out());
    assertThat(ours.json().get("tokens")).hasSize(9);
  }

  private static Object[] with(List<Object> arguments, Path model) {
    Stream<Object> more = Stream.of("--template", "w1 w2 w3 [MASK*6]", "--model", model);
    return Stream.concat(arguments.stream(), more).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mdlm-time", "dream"})
  void sample_drawsFromAPublishedModel(String name) {
    Ran ran =
        md4("sample", "--model", PEERS.resolve(name), "--length", "12", "--json", "--seed", "3");
    ran.check();
    assertThat(ran.json().get("tokens")).hasSize(12);
  }

  /** Writes numbers of the official code for {@code --check}: three logits of a row of LLaDA's. */
  static Path check(Path folder) throws IOException {
    JsonObject expected =
        JsonParser.parseString(Files.readString(PEERS.resolve("llada/expected.json")))
            .getAsJsonObject();
    JsonArray ids = expected.getAsJsonObject("inputs").getAsJsonArray("input_ids");
    JsonArray logits = expected.getAsJsonObject("outputs").getAsJsonArray("logits");
    JsonArray row = logits.get(0).getAsJsonArray().get(4).getAsJsonArray();
    String top =
        IntStream.of(3, 9, 17)
            .mapToObj(y -> "[%d, %s]".formatted(y, row.get(y)))
            .collect(Collectors.joining(", ", "[", "]"));
    return Files.writeString(
        folder.resolve("check.json"),
        "{\"cases\": [{\"ids\": %s, \"row\": 4, \"top\": %s}]}".formatted(ids.get(0), top));
  }

  @Test
  void check_holdsNumbersOfOnesOwn() throws IOException {
    Path peer = PEERS.resolve("llada");
    Path file = check(folder);
    String text = Files.readString(file);
    Ran good = md4("import", "--from", peer, "--check", file);
    good.check();
    assertThat(good.out()).contains("checked     1 case, largest distance");
    Files.writeString(file, text.replace("\"row\": 4", "\"row\": 5"));
    Ran bad = md4("import", "--from", peer, "--check", file);
    assertThat(bad.code()).isEqualTo(3);
    assertThat(bad.err()).contains("these are not the weights").hasLineCount(1);
  }

  @Test
  void badInput_isALine() throws IOException {
    md4("import", "--from", folder).failed(3, "has no config.json");
    md4("import", "--from", folder.resolve("none.gguf")).failed(3, "is GGUF");
    md4("import", "--from", PEERS.resolve("mdlm"), "--family", "gpt")
        .failed(2, "--family", "must be one of");
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"t5\"}");
    md4("import", "--from", folder).failed(3, "is of no family that is known here");
    md4("sample", "--model", folder).failed(3, "is of no family that is known here");
    md4("import", "--from", folder.resolve("nowhere")).failed(3, "no such folder");
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(other.resolve("llada-q4.gguf"), "GGUF");
    md4("import", "--from", other).failed(3, "is GGUF");
  }

  @Test
  void import_tellsWhatNeedsNone() throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 5);
    md4("import", "--from", model).failed(3, "is a model of md4 already");
  }

  @Test
  void import_tellsThatThereIsNoTokenizer() throws IOException {
    Ran with = md4("import", "--from", PEERS.resolve("llada"));
    Ran without = md4("import", "--from", PEERS.resolve("mdlm"));
    assertThat(with.out()).doesNotContain("tokenizer ");
    assertThat(without.out()).contains("tokenizer   none is there");
  }

  @Test
  void check_failsBeforeAnythingIsWritten() {
    Path to = folder.resolve("made");
    md4("import", "--from", PEERS.resolve("mdlm"), "--to", to, "--check")
        .failed(2, "no public numbers are known");
    assertThat(to).doesNotExist();
  }

  /** scripts/check-transformers.py compares these numbers with those of PyTorch. */
  @Test
  void export_writesCodeAndNumbersToCheckItBy() throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 5);
    Path exported = folder.resolve("exported");
    md4("export", "--model", model, "--to", exported).check();
    assertThat(exported.resolve("modeling_md4.py")).content().contains("class Md4Model");
    JsonObject config =
        JsonParser.parseString(Files.readString(exported.resolve("config.json"))).getAsJsonObject();
    assertThat(config.getAsJsonObject("auto_map").get("AutoModel").getAsString())
        .isEqualTo("modeling_md4.Md4Model");
    JsonObject check =
        JsonParser.parseString(Files.readString(exported.resolve("md4_check.json")))
            .getAsJsonObject();
    assertThat(check.getAsJsonArray("logits")).hasSize(2 * TinyModel.LENGTH * 7);
    md4("export", "--model", PEERS.resolve("mdlm"), "--to", folder.resolve("other"))
        .failed(3, "has a network that cannot be exported");
  }

  /** The times of loading and of passes, of a published model too. */
  @Test
  void benchModel_hasALineForEachMeasurement() {
    String table =
        md4(Ran.words(
                "bench model --device cpu --lengths 16,24 --masks 6 --repeats 1 --sampler llada"
                    + " --steps 3 --model "
                    + PEERS.resolve("llada")))
            .succeeded()
            .out();
    assertThat(table.lines().map(line -> line.strip().replaceFirst("  .*", "")))
        .containsExactly(
            "device",
            "network",
            "loading",
            "1 x 16, 16 rows",
            "1 x 16, 6 rows",
            "1 x 24, 24 rows",
            "1 x 24, 6 rows",
            "generation",
            "memory");
    assertThat(table).contains("6 masks of 16 tokens in 3 steps");
    md4(Ran.words("bench model --lengths 4 --masks 5 --model " + PEERS.resolve("llada")))
        .failed(2, "--masks must be at most 4");
    Ran narrow =
        md4(
            Ran.words(
                "bench model --device cpu --lengths 4 --repeats 1 --precision bfloat16"
                    + " --residual bfloat16 --model "
                    + PEERS.resolve("llada")));
    assertThat(narrow.err()).isEqualTo("md4: '--residual bfloat16' has no effect on a CPU\n");
    assertThat(narrow.out()).contains("parameters, bfloat16, residual stream float32");
  }
}
