// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.token.Sha256;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.quickstart.Quickstart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EvaluateCommandTest {
  private static final int CHUNKS = 131;
  private static final int TAIL = 5;
  private static final int TOKENS = CHUNKS * TinyModel.LENGTH;
  private static final double LOG_2 = Math.log(2);

  @TempDir private Path folder;
  private Path model;
  private Path data;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    data = data("data", " abcdef", TOKENS + TAIL);
  }

  private Path data(String name, String alphabet, int count) throws IOException {
    return RandomText.write(folder.resolve(name), alphabet, count);
  }

  private Ran evaluate(String options, Object... more) {
    return md4(words("evaluate --device cpu " + options, more));
  }

  private JsonNode score(String options) {
    return evaluate(options + " --json", "--model", model, "--data", data).succeeded().json();
  }

  private static double number(JsonNode json, String path) {
    JsonNode value = json.at("/" + path);
    assertThat(value.isNumber()).as(path + " in " + json).isTrue();
    return value.asDouble();
  }

  @Test
  @Tag("exact")
  void units_agree() {
    JsonNode json = score("--passes 2");
    double nats = number(json, "natsPerToken");
    double error = number(json, "natsPerTokenStandardError");
    // Doubles both, through JSON unharmed.
    assertThat(number(json, "bitsPerToken")).isCloseTo(nats / LOG_2, within(1e-12));
    assertThat(number(json, "bitsPerTokenStandardError")).isCloseTo(error / LOG_2, within(1e-12));
    assertThat(number(json, "perplexity")).isCloseTo(Math.exp(nats), within(1e-9));
    assertThat(number(json, "perplexityStandardError"))
        .isCloseTo(Math.exp(nats) * error, within(1e-9));
    double terms =
        number(json, "terms/diffusion")
            + number(json, "terms/reconstruction")
            + number(json, "terms/prior");
    assertThat(terms).isCloseTo(nats, within(1e-12));
  }

  @Test
  void json_namesEverything() throws IOException {
    JsonNode json = score("--passes 2 --seed 3 --batch-size 17");
    assertThat(json.path("unit").asText()).isEqualTo("character");
    assertThat(json.path("estimator").asText()).isEqualTo("continuous");
    List<String> numbers =
        Stream.of("passes", "seed", "batchSize", "chunks", "chunksInData", "chunkLength", "tokens")
            .map(key -> json.path(key).asText())
            .toList();
    assertThat(numbers).containsExactly("2", "3", "17", "131", "131", "11", "" + TOKENS);
    assertThat(json.path("droppedTail").asInt()).isEqualTo(TAIL);
    assertThat(json.path("groups").asInt()).isEqualTo(3); // of 64, 64 and 3 chunks
    assertThat(json.has("floor")).isFalse();
    Path weights = model.resolve("model.safetensors");
    assertThat(json.path("model").toString())
        .isEqualTo(
            """
            {"file":"%s","sha256":"%s","tokenizerSha256":"%s","weights":"ema","device":"cpu",\
            "precision":"float32","residual":"float32"}"""
                .formatted(
                    weights, Sha256.of(weights), Sha256.of(model.resolve("tokenizer.json"))));
    assertThat(json.path("data").toString())
        .isEqualTo(
            """
            {"file":"%s","sha256":"%s","dataSet":"data","split":"train"}"""
                .formatted(data, Sha256.of(data)));
  }

  @Test
  void table_saysTheSameAsJson() throws IOException {
    JsonNode json = score("--chunks 70 --steps 13");
    Ran ran = evaluate("--chunks 70 --steps 13", "--model", model, "--data", data).succeeded();
    Path weights = model.resolve("model.safetensors");
    assertThat(ran.out().lines())
        .containsExactly(
            "bits per character  %.4f +- %.4f"
                .formatted(number(json, "bitsPerToken"), number(json, "bitsPerTokenStandardError")),
            "nats per token      %.4f +- %.4f"
                .formatted(number(json, "natsPerToken"), number(json, "natsPerTokenStandardError")),
            "perplexity          %.4f +- %.4f"
                .formatted(number(json, "perplexity"), number(json, "perplexityStandardError")),
            "95%% interval        perplexity [%.4f, %.4f], over 70 chunks, as groups are too few, 69 degrees of freedom"
                .formatted(
                    number(json, "perplexityInterval/low"),
                    number(json, "perplexityInterval/high")),
            "terms               diffusion %.4f, reconstruction %.4f, prior 0.0000 nats per token"
                .formatted(number(json, "terms/diffusion"), number(json, "terms/reconstruction")),
            "estimator           upper bound, T = 13, passes 1, seed 0, batches of 64",
            "chunks              70 of 131, each of 11 tokens: 770 tokens; dropped tail: 5 tokens",
            "standard error      over 70 chunks, as groups and passes are too few, 69 degrees of freedom",
            "device              cpu, float32",
            "model               %s, weights ema, SHA-256 %s"
                .formatted(weights, Sha256.of(weights)),
            "data                data train, %s, SHA-256 %s".formatted(data, Sha256.of(data)));
  }

  @Test
  void batchSize_doesNotChangeTheScore() {
    double whole = number(score("--passes 2 --batch-size 64"), "bitsPerToken");
    for (int batchSize : new int[] {1, 7}) {
      JsonNode json = score("--passes 2 --batch-size " + batchSize);
      // float32 products of other shapes round otherwise.
      assertThat(number(json, "bitsPerToken")).isCloseTo(whole, within(1e-6));
    }
  }

  @Test
  void seedAndStepsAndChunks_changeTheScore() {
    double score = number(score(""), "bitsPerToken");
    for (String options : new String[] {"--seed 1", "--steps 3", "--chunks 64", "--passes 2"}) {
      assertThat(number(score(options), "bitsPerToken")).as(options).isNotEqualTo(score);
    }
    assertThat(number(score("--chunks 1000"), "bitsPerToken")).isEqualTo(score);
  }

  @Test
  @Tag("statistical")
  void uniformGuesses_costTheLogarithmOfTheVocabulary() throws IOException {
    Path uniform = TinyModel.OF_SEVEN.writeUniform(folder.resolve("uniform"));
    JsonNode json =
        evaluate("--json --passes 5", "--model", uniform, "--data", data).succeeded().json();
    double error = number(json, "bitsPerTokenStandardError");
    // Five errors over three groups: false alarms below 4% by Student's law of two degrees; the
    // seed is fixed.
    assertThat(number(json, "bitsPerToken")).isCloseTo(Math.log(7) / LOG_2, within(5 * error));
    assertThat(error).isBetween(0.0, 0.2);
  }

  @Test
  void standardError_ofOneChunkIsUnknown() {
    JsonNode json = score("--chunks 1");
    String reason = "a single chunk or document, in few passes";
    for (String name : List.of("bitsPerToken", "natsPerToken", "perplexity")) {
      assertThat(json.path(name + "StandardError").isNull()).isTrue();
      assertThat(json.path(name + "StandardErrorReason").asText()).isEqualTo(reason);
    }
    assertThat(json.at("/perplexityInterval/low").isNull()).isTrue();
    assertThat(json.at("/perplexityInterval/lowReason").asText()).isEqualTo(reason);
    assertThat(json.path("degreesOfFreedom").asInt()).isZero();
    Path csv = folder.resolve("one.csv");
    String options = "--chunks 1 --steps 3,inf --any-order --csv " + csv + " --compare " + model;
    Ran ran = evaluate(options, "--model", model, "--data", data).succeeded();
    assertThat(ran.out())
        .containsPattern("bits per character  +\\d+\\.\\d{4} \\+- unknown\n")
        .contains("perplexity [unknown], over 1 chunk")
        .contains("allowed: unknown")
        .doesNotContain("NaN");
    assertThat(csv).content().doesNotContain("NaN");
  }

  /** One group has an error too: that of chunks. */
  @Test
  void standardError_ofFewGroupsIsThatOfChunks() {
    JsonNode one = score("--chunks 64");
    assertThat(number(one, "bitsPerTokenStandardError")).isPositive();
    assertThat(one.path("degreesOfFreedom").asInt()).isEqualTo(63);
    assertThat(one.path("intervalOver").asText()).isEqualTo("64 chunks, as groups are too few");
    Ran ran = evaluate("--passes 9", "--model", model, "--data", data).succeeded();
    assertThat(ran.out())
        .contains(
            "of times and masks, the data given, over 3 groups of 64 chunks, 24 degrees of freedom");
  }

  @Test
  void bfloat16_isCloseToFloat32() {
    double exact = number(score(""), "bitsPerToken");
    JsonNode json = score("--precision bfloat16");
    assertThat(json.at("/model/precision").asText()).isEqualTo("bfloat16");
    // 8 bits of mantissa: half a percent of each product, less of their mean.
    assertThat(number(json, "bitsPerToken")).isNotEqualTo(exact).isCloseTo(exact, within(0.05));
  }

  @Test
  void bytes_areCalledBytes() throws IOException {
    Path bytes = new TinyModel(new Tokenizer.Bytes()).write(folder.resolve("bytes"), 1);
    Path out = folder.resolve("bytes-data");
    Path text = folder.resolve("data.txt");
    md4("data", "text", "--vocabulary", "bytes", "--from", text, "--out", out).check();
    Ran ran = evaluate("", "--model", bytes, "--data", out.resolve("valid.bin")).succeeded();
    assertThat(ran.out()).startsWith("bits per byte ");
  }

  @Test
  void quickstart_isScoredAgainstItsFloor() throws IOException {
    Path out = folder.resolve("quickstart");
    md4("data", "quickstart", "--out", out).check();
    Tokenizer words = Quickstart.source().tokenizer();
    Path tiny = new TinyModel(words).write(folder.resolve("words"), 1);
    Object[] paths = {"--model", tiny, "--data", out.resolve("test.bin")};
    JsonNode json = evaluate("--chunks 67 --json", paths).succeeded().json();
    double floor = number(json, "floor/bitsPerToken");
    // Between the source's entropy, 2.5, and that of its single words, about 5.3.
    assertThat(floor).isBetween(2.5, 5.3);
    assertThat(number(json, "floor/standardError")).isBetween(0.0, 0.5);
    assertThat(number(json, "floor/above"))
        .isPositive()
        .isEqualTo(number(json, "bitsPerToken") - floor);
    assertThat(evaluate("--chunks 67", paths).succeeded().out())
        .containsPattern("\nfloor +%.4f \\+- ".formatted(floor))
        .containsPattern(
            "\nabove the floor +%.4f bits per word\n".formatted(number(json, "floor/above")));
  }

  @Test
  void weights_areThoseAskedFor() throws IOException {
    Path run = folder.resolve("run");
    TinyModel.OF_SEVEN.writeCheckpoint(run.resolve("checkpoints/step-5"), 1, 2);
    TinyModel.OF_SEVEN.writeCheckpoint(run.resolve("checkpoints/step-10"), 3, 4);
    for (String weights : new String[] {"ema", "raw"}) {
      JsonNode json =
          evaluate("--json --weights " + weights, "--model", run, "--data", data)
              .succeeded()
              .json();
      String file = weights.equals("ema") ? "ema.safetensors" : "model.safetensors";
      assertThat(json.at("/model/file").asText())
          .isEqualTo(run.resolve("checkpoints/step-10").resolve(file).toString());
      Path same = TinyModel.OF_SEVEN.write(folder.resolve(weights), weights.equals("ema") ? 3 : 4);
      JsonNode expected = evaluate("--json", "--model", same, "--data", data).succeeded().json();
      assertThat(json.path("bitsPerToken")).isEqualTo(expected.path("bitsPerToken"));
    }
    evaluate("--weights raw", "--model", model, "--data", data)
        .failed(3, "holds the weights 'ema'; 'raw' are in a run's checkpoints");
  }

  @Test
  void filesOfNanoGpt_areReadWithoutJson() throws IOException {
    byte[] ids = new byte[2 * 3 * TinyModel.LENGTH];
    Path bare = Files.write(folder.resolve("bare.bin"), ids);
    JsonNode json = evaluate("--json", "--model", model, "--data", bare).succeeded().json();
    assertThat(json.path("chunks").asInt()).isEqualTo(3);
    assertThat(json.path("data").path("sha256").asText()).isEqualTo(Sha256.of(bare));
    ids[6] = 7; // the mask is no token
    Files.write(bare, ids);
    evaluate("", "--model", model, "--data", bare)
        .failed(3, "bare.bin: token 3 is 7, outside its vocabulary of 7");
  }

  @Test
  void model_thatIsNoneIsRefused() throws IOException {
    evaluate("", "--model", folder.resolve("nowhere"), "--data", data)
        .failed(3, "nowhere: no such folder");
    evaluate("", "--model", Files.createDirectories(folder.resolve("empty")), "--data", data)
        .failed(3, "empty: is neither a run with a checkpoint nor a model");
    evaluate("", "--model", data, "--data", data).failed(3, "train.bin");
    Path cut = TinyModel.OF_SEVEN.write(folder.resolve("cut"), 1);
    Path weights = cut.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    for (int length : new int[] {bytes.length / 2, 5, 0}) {
      Files.write(weights, Arrays.copyOf(bytes, length));
      evaluate("", "--model", cut, "--data", data).failed(3, "model.safetensors: ");
    }
  }

  @Test
  void data_ofAnotherVocabularyIsRefusedNamingBoth() throws IOException {
    evaluate("", "--model", model, "--data", data("other", " abcdeg", 131))
        .failed(
            3, "other/train.bin", "7 characters \" abcdeg\"", "7 characters \" abcdef\"", "model");
    evaluate("", "--model", model, "--data", data("fewer", " ab\nc", 131))
        .failed(3, "5 characters \"<U+000A> abc\"");
  }

  @Test
  void data_thatIsDamagedIsRefused() throws IOException {
    Path bad = data("bad", " abcdef", 131);
    byte[] bytes = Files.readAllBytes(bad);
    byte[] other = bytes.clone();
    other[17] ^= 1;
    Files.write(bad, other);
    evaluate("", "--model", model, "--data", bad).failed(3, "train.bin: SHA-256 is");
    Files.write(bad, Arrays.copyOf(bytes, 64));
    evaluate("", "--model", model, "--data", bad).failed(3, "train.bin: truncated");
    Files.write(bad, new byte[0]);
    evaluate("", "--model", model, "--data", bad).failed(3, "train.bin: truncated");
    Files.delete(folder.resolve("bad/train.json"));
    evaluate("", "--model", model, "--data", bad).failed(3, "train.bin: is too short");
    Files.delete(bad);
    evaluate("", "--model", model, "--data", bad).failed(3, "train.bin: no such file");
    evaluate("", "--model", model, "--data", data("short", " abcdef", 10))
        .failed(3, "train.bin: is too short: 10 tokens where one sequence takes 11");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--steps 0 | '--steps' (T): must be at least 1: 0",
        "--steps 1.5 | '--steps' (T): '1.5' is not a whole number",
        "--passes 0 | '--passes': must be at least 1: 0",
        "--batch-size 0 | '--batch-size': must be at least 1: 0",
        "--chunks -1 | '--chunks': must be at least 1: -1",
        "--weights averaged | '--weights': weights must be ema or raw: averaged",
        "--precision float16 | '--precision': precision must be float32 or bfloat16: float16",
        "--device cuda:1 | gpu or gpu:N: cuda:1; did you mean gpu:1?",
        "--device tpu | '--device': device must be cpu, gpu or gpu:N: tpu",
        "--device gpu: | '--device': device must be cpu, gpu or gpu:N: gpu:",
        "--stepz 5 | Unknown option",
        "--every 5 | --watch",
        "--steps 5,x | 'x' is not a whole number",
        "--suite zero-shot --data-dir D | --data and --suite are mutually exclusive",
        "--protocol radd | protocol must be md4, sedd, mdlm or documents: radd",
      })
  void usage_isOneLineWithTheChoices(String options, String expected) {
    md4(words("evaluate " + options, "--model", model, "--data", data)).failed(2, expected);
  }

  @Test
  void usage_wantsAModelOrARunAndData() {
    md4("evaluate", model, "--model", model, "--data", data)
        .failed(2, "names the model, as --model and --watch do");
    md4("evaluate", model, data, "--data", data).failed(2, "the data is named twice");
    assertThat(md4("evaluate", model, data, "--device", "cpu", "--json").succeeded().json())
        .isEqualTo(
            md4("evaluate", "--model", model, "--data", data, "--device", "cpu", "--json")
                .succeeded()
                .json());
    md4("evaluate", "--data", data).failed(2, "md4: Missing required argument");
    md4("evaluate", "--model", model).failed(2, "Missing required option: '--data=FILE.bin'");
    md4("evaluate", "--model", model, "--watch", model, "--data", data)
        .failed(2, "mutually exclusive");
  }

  @Test
  void usage_saysThatTheRunComesFirst() {
    md4("evaluate", data, model)
        .failed(3, "model: is a model where a file of tokens is expected; the run comes first");
    md4("evaluate", data, data)
        .failed(3, "train.bin: is a file of tokens where a run or a model is expected; the run");
    md4("sample", data).failed(3, "train.bin: is a file of tokens where a run or");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu:99", "gpu:9999"})
  void device_thatIsAbsentIsCodeFour(String device) {
    md4("evaluate", "--model", model, "--data", data, "--device", device)
        .failed(4, "no GPU is there: ");
  }

  @Test
  void evaluation_writesNothing() throws IOException {
    assertThat(score("").path("chunks").asInt()).isEqualTo(CHUNKS);
    try (Stream<Path> files = Files.list(model)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("config.json", "tokenizer.json", "model.safetensors");
    }
  }
}
