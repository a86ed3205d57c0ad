// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.token.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Losses of runs made apart, compared in pairs. */
@Tag("exact")
final class CompareCommandTest {
  @TempDir Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  /** Trains a model and writes its losses; both are named so. */
  private Path losses(String name, String more, String... sets) {
    Path run = folder.resolve(name);
    tiny.train(
            Stream.concat(
                    Stream.of("--set", "run=" + run, "--set", "sampling.count=0"), Stream.of(sets))
                .toArray(String[]::new))
        .check();
    return evaluate(name, run, more);
  }

  private Path evaluate(String name, Path run, String more) {
    Path file = folder.resolve(name + ".csv");
    Ran.md4(
            Ran.words(
                "evaluate --device cpu --chunks 12 --passes 2 --model %s --data %s --losses %s %s"
                    .formatted(run, tiny.data("valid.bin"), file, more)))
        .check();
    return file;
  }

  @Test
  void compare_findsTheDifferenceOfTheEvaluationsOwnComparison() throws IOException {
    Path gen =
        losses("gen", "", "--set", "model.schedule=learned(1)", "--set", "training.samples=2");
    Path plain = losses("plain", "");
    JsonNode json =
        Ran.md4("compare", "--json", "--first", gen, "--second", plain).succeeded().json();
    JsonNode pair = json.path("pairs").get(0);
    JsonNode own =
        Ran.md4(
                Ran.words(
                    "evaluate --device cpu --json --chunks 12 --passes 2 --model %s --compare %s --data %s"
                        .formatted(
                            folder.resolve("gen"),
                            folder.resolve("plain"),
                            tiny.data("valid.bin"))))
            .succeeded()
            .json();
    JsonNode difference = own.path("compared").path("differences").get(0);
    double nats = pair.path("bitsPerToken").asDouble() * Math.log(2);
    assertThat(nats).isCloseTo(difference.path("natsPerToken").asDouble(), within(1e-9));
    assertThat(pair.path("firstBitsPerToken").asDouble())
        .isCloseTo(own.path("bitsPerToken").asDouble(), within(1e-9));
    assertThat(pair.path("interval").path("low").asDouble())
        .isLessThan(pair.path("bitsPerToken").asDouble());
    assertThat(json.path("mean").path("standardError").isNull()).isTrue();
    assertThat(Files.readString(gen)).contains("# estimator: continuous from 0.001, reference\n");
    assertThat(Files.readAllLines(gen).stream().filter(l -> l.matches("\\d+,16,.*"))).hasSize(12);
  }

  /** Files of documents keep what intervals need; those of before have one that is no narrower. */
  @Test
  void compare_ofDocumentsHasTheIntervalOfTheEvaluation() throws IOException {
    Path data = documents();
    TinyModel ofTokens = new TinyModel(new Gpt2Tokenizer());
    Path unused = ofTokens.write(folder.resolve("one"), 1);
    unused = ofTokens.write(folder.resolve("other"), 2);
    Path first = evaluate("one", data);
    Path second = evaluate("other", data);
    JsonNode pair = pair(first, second);
    JsonNode own =
        Ran.md4(
                Ran.words(
                    "evaluate --device cpu --json --model %s --compare %s --data %s"
                        .formatted(folder.resolve("one"), folder.resolve("other"), data)))
            .succeeded()
            .json();
    JsonNode difference = own.path("compared").path("differences").get(0);
    for (String end : new String[] {"low", "high"}) {
      assertThat(pair.path("interval").path(end).asDouble() * Math.log(2))
          .isCloseTo(difference.path("interval").path(end).asDouble(), within(1e-9));
    }
    String text = Files.readString(first);
    assertThat(text).contains("unit,tokens,nats,deviation\n", "# degreesOfFreedom: ");
    JsonNode before = pair(before(first), before(second));
    assertThat(before.path("bitsPerToken")).isEqualTo(pair.path("bitsPerToken"));
    for (String bad :
        new String[] {
          text.replaceFirst("# degreesOfFreedom: .*\n", ""),
          text.replaceFirst("# degreesOfFreedom: .*\n", "# degreesOfFreedom: -1\n"),
          text.replaceFirst("\n0,(\\d+),([^,]*),.*\n", "\n0,$1,$2,\n"),
          text.replaceFirst("\n0,(\\d+),([^,]*),.*\n", "\n0,$1,$2,Infinity\n"),
          text.replaceFirst("\n0,(\\d+),([^,]*),.*\n", "\n0,$1,$2\n"),
        }) {
      Path damaged = Files.writeString(folder.resolve("damaged.csv"), bad);
      Ran.md4("compare", "--first", second, "--second", damaged)
          .failed(
              ExitCodes.DATA, "damaged.csv: is damaged, or not a file of md4 evaluate --losses");
    }
  }

  /** Lines of 3 to 20 letters, closed by the end of text. */
  private Path documents() throws IOException {
    String all = "abc de fgh ".repeat(3);
    String lines =
        IntStream.range(0, 120)
            .mapToObj(i -> all.substring(i % 11, i % 11 + 3 + i % 18) + "\n")
            .collect(Collectors.joining());
    Path text = Files.writeString(folder.resolve("lines.txt"), lines);
    Path data = folder.resolve("lines");
    Ran.md4(
            Ran.words(
                "data tokens --documents lines --vocabulary gpt2 --fractions 0.2,0.8 --from %s --out %s"
                    .formatted(text, data)))
        .check();
    return data.resolve("valid.bin");
  }

  private Path evaluate(String model, Path data) {
    Path file = folder.resolve(model + "-documents.csv");
    Ran.md4(
            Ran.words(
                "evaluate --device cpu --model %s --data %s --losses %s"
                    .formatted(folder.resolve(model), data, file)))
        .check();
    return file;
  }

  private static JsonNode pair(Path first, Path second) throws IOException {
    return Ran.md4("compare", "--json", "--first", first, "--second", second)
        .succeeded()
        .json()
        .path("pairs")
        .get(0);
  }

  /** Without what was added. */
  private static Path before(Path file) throws IOException {
    String text =
        Files.readString(file)
            .replaceFirst("# degreesOfFreedom: .*\n", "")
            .replaceFirst("unit,tokens,nats,deviation", "unit,tokens,nats")
            .replaceAll("(?m)^(\\d+,\\d+,[^,\n]*),.*$", "$1");
    return Files.writeString(file.resolveSibling("before-" + file.getFileName()), text);
  }

  @Test
  void compare_meansOverPairs() {
    String two = losses("a1", "") + "," + losses("a2", "", "--set", "training.seed=4");
    String others =
        losses("b1", "", "--set", "training.samples=2")
            + ","
            + losses("b2", "", "--set", "training.samples=2", "--set", "training.seed=4");
    JsonNode json =
        Ran.md4("compare", "--json", "--first", two, "--second", others).succeeded().json();
    double d1 = json.path("pairs").get(0).path("bitsPerToken").asDouble();
    double d2 = json.path("pairs").get(1).path("bitsPerToken").asDouble();
    JsonNode mean = json.path("mean");
    assertThat(mean.path("bitsPerToken").asDouble()).isCloseTo((d1 + d2) / 2, within(1e-12));
    double error = Math.abs(d1 - d2) / 2;
    assertThat(mean.path("standardError").asDouble()).isCloseTo(error, within(1e-12));
    assertThat(mean.path("interval").path("high").asDouble())
        .isCloseTo((d1 + d2) / 2 + 12.706204736 * error, within(1e-9));
    assertThat(Ran.md4("compare", "--first", two, "--second", others).succeeded().out())
        .contains("mean of 2 pairs");
  }

  @Test
  void compare_refusesWhatCannotBeCompared() throws IOException {
    Path one = losses("one", "");
    Path other = evaluate("other", folder.resolve("one"), "--seed 9");
    Ran.md4("compare", "--first", one, "--second", other)
        .failed(
            ExitCodes.DATA, "must have the same seed as the file that it is compared with: 9, 0");
    Ran.md4("compare", "--first", one + "," + one, "--second", one)
        .failed(ExitCodes.USAGE, "--first and --second must have the same number of files: 2, 1");
    Path damaged = folder.resolve("damaged.csv");
    Files.writeString(damaged, Files.readString(one).replace(",16,", ",x,"));
    Ran.md4("compare", "--first", one, "--second", damaged)
        .failed(ExitCodes.DATA, "damaged.csv: is damaged, or not a file of md4 evaluate --losses");
    Ran.md4("compare", "--first", one, "--second", tiny.config())
        .failed(ExitCodes.DATA, "tiny.yaml: is damaged, or not a file of md4 evaluate");
  }

  /** A row missing, doubled, cut or out of order is refused, wherever it is. */
  @Test
  void compare_refusesDamagedRows() throws IOException {
    Path one = losses("one", "");
    String text = Files.readString(one);
    int firstRow = text.indexOf("\n0,") + 1;
    int secondRow = text.indexOf("\n1,") + 1;
    int lastRow = text.lastIndexOf("\n11,") + 1;
    String first = text.substring(firstRow, secondRow);
    for (String bad :
        new String[] {
          text.substring(0, lastRow),
          text.substring(0, text.length() - 2),
          text + text.substring(lastRow),
          text.substring(0, secondRow) + first + text.substring(secondRow),
          text.substring(0, firstRow) + text.substring(secondRow),
          text.substring(0, secondRow) + text.substring(lastRow),
          text.replaceFirst("\n1,16,", "\n1,16,7,"),
          text.replaceFirst("\n1,16,.*\n", "\n1,16,NaN\n"),
          text.replaceFirst("\n1,16,", "\n1,-16,"),
          text.replaceFirst("# seed: 0\n", "# seed: 0\n# seed: 0\n"),
          text.replaceFirst("# estimator: .*\n", ""),
          text.substring(0, firstRow),
        }) {
      Path damaged = Files.writeString(folder.resolve("damaged.csv"), bad);
      Ran.md4("compare", "--first", one, "--second", damaged)
          .failed(
              ExitCodes.DATA, "damaged.csv: is damaged, or not a file of md4 evaluate --losses");
    }
  }

  /** A digit of a count that was changed: nothing else tells. */
  @Test
  void compare_refusesOtherCounts() throws IOException {
    Path one = losses("one", "");
    Path damaged =
        Files.writeString(
            folder.resolve("damaged.csv"), Files.readString(one).replace("\n1,16,", "\n1,17,"));
    Ran.md4("compare", "--first", one, "--second", damaged)
        .failed(ExitCodes.DATA, "damaged.csv: has other counts of tokens", "one is damaged");
  }

  @Test
  void compare_refusesOtherEstimators() throws IOException {
    Path one = losses("one", "");
    Path three = evaluate("three", folder.resolve("one"), "--steps 3");
    Path thirty = evaluate("thirty", folder.resolve("one"), "--steps 30");
    String start = "must have the same estimator as the file that it is compared with: ";
    Ran.md4("compare", "--first", one, "--second", three)
        .failed(ExitCodes.DATA, start + "T = 3, continuous");
    Ran.md4("compare", "--first", thirty, "--second", three)
        .failed(ExitCodes.DATA, start + "T = 3, T = 30");
    Ran.md4("compare", "--first", three, "--second", three).check();
    Path reference = estimator(one, "continuous from 0.001, reference");
    Path exact = estimator(one, "continuous from 0.001, exact");
    Path ordered = estimator(one, "left to right");
    Ran.md4("compare", "--first", reference, "--second", exact)
        .failed(ExitCodes.DATA, start + "continuous from 0.001, exact, continuous from 0.001, ref");
    // A fixed schedule has no floor, and an exact likelihood no times.
    Ran.md4("compare", "--first", reference, "--second", one).check();
    Ran.md4("compare", "--first", one, "--second", ordered).check();
    Ran.md4("compare", "--first", exact, "--second", three)
        .failed(ExitCodes.DATA, start + "T = 3, continuous from 0.001, exact");
  }

  private Path estimator(Path file, String estimator) throws IOException {
    String text =
        Files.readString(file).replaceFirst("estimator: .*\n", "estimator: " + estimator + "\n");
    return Files.writeString(folder.resolve(estimator.replaceAll("[ ,]+", "-") + ".csv"), text);
  }
}
