// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.evaluate.Contradictions;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.likelihood.Agreement;
import io.github.md4.core.token.Sha256;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several estimators and models side by side. */
final class EvaluateEstimatorsTest {
  private static final int CHUNKS = 131;
  private static final int TAIL = 5;

  @TempDir private Path folder;
  private Path model;
  private Path data;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    data = RandomText.write(folder.resolve("data"), " abcdef", CHUNKS * TinyModel.LENGTH + TAIL);
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

  private JsonNode estimates(JsonNode json, String estimator) {
    for (JsonNode each : json.path("estimates")) {
      if (each.path("estimator").asText().equals(estimator)) {
        return each;
      }
    }
    throw new AssertionError(estimator + " in " + json);
  }

  @Test
  void estimators_areSideBySideAndAgree() {
    String options = "--steps 3,30,inf --any-order --passes 8";
    JsonNode json = score(options);
    assertThat(json.path("estimates").findValuesAsText("estimator"))
        .containsExactly("T = 3", "T = 30", "continuous", "any-order");
    assertThat(number(json, "natsPerToken"))
        .isEqualTo(number(estimates(json, "continuous"), "natsPerToken"));
    assertThat(json.path("estimator").asText()).isEqualTo("continuous");
    double three = number(estimates(json, "T = 3"), "natsPerToken");
    double thirty = number(estimates(json, "T = 30"), "natsPerToken");
    JsonNode first = json.at("/differences/0");
    assertThat(first.path("difference").asText()).isEqualTo("T = 3 less T = 30");
    assertThat(number(first, "natsPerToken")).isCloseTo(three - thirty, within(1e-12));
    assertThat(number(first, "interval/low")).isLessThan(three - thirty);
    assertThat(json.path("agreement").findValuesAsText("outcome"))
        .containsExactly("HOLDS", "HOLDS", "HOLDS");
    // Continuous alone is what it is beside others.
    assertThat(number(score("--passes 8"), "natsPerToken"))
        .isEqualTo(number(estimates(json, "continuous"), "natsPerToken"));
    Ran ran = evaluate(options, "--model", model, "--data", data).succeeded();
    assertThat(ran.out())
        .contains("\nany-order ", "\nT = 3 less T = 30 ", "\nagreement 3 ")
        .contains("any-order less continuous");
  }

  /** Continuous time where it is asked for, wherever it stands; else the most steps. */
  @Test
  void headline_isTheFinestEstimator() throws IOException {
    for (String steps : List.of("inf,3,30", "3,inf", "30,3,inf")) {
      assertThat(score("--steps " + steps).path("estimator").asText()).isEqualTo("continuous");
    }
    JsonNode json = score("--steps 3,30,7 --any-order");
    assertThat(json.path("estimator").asText()).isEqualTo("T = 30");
    assertThat(number(json, "natsPerToken"))
        .isEqualTo(number(estimates(json, "T = 30"), "natsPerToken"));
    Path losses = folder.resolve("losses.csv");
    Ran ran =
        evaluate("--steps 3,30 --losses " + losses, "--model", model, "--data", data).succeeded();
    assertThat(ran.out()).contains("\nestimator           upper bound, T = 30,");
    assertThat(losses).content().contains("# estimator: T = 30\n");
  }

  @Test
  void contradiction_isCodeOne() {
    Scripted never = new Scripted();
    assertThat(never.code()).isEqualTo(1);
    assertThat(never.err())
        .isEqualTo("md4: estimates of one bound contradict each other: any-order less x\n");
  }

  @Test
  void remark_isNoFailure() {
    Contradictions remark =
        new Contradictions(List.of(new Agreement.Check(Agreement.Outcome.REMARK, "T = 3 less x")));
    StringWriter err = new StringWriter();
    assertThat(remark.report(new PrintWriter(err))).isEqualTo(ExitCodes.DONE);
    assertThat(err.toString()).isEmpty();
  }

  /** A failed check, as the command reports it. */
  private record Scripted() {
    private static final Contradictions FAILED =
        new Contradictions(
            List.of(
                new Agreement.Check(Agreement.Outcome.HOLDS, "T = 3 less x"),
                new Agreement.Check(Agreement.Outcome.REMARK, "T = 4 less x"),
                new Agreement.Check(Agreement.Outcome.FAILS, "any-order less x")));

    int code() {
      return FAILED.report(new PrintWriter(Writer.nullWriter()));
    }

    String err() {
      StringWriter err = new StringWriter();
      assertThat(FAILED.report(new PrintWriter(err))).isEqualTo(ExitCodes.FAILURE);
      return err.toString();
    }
  }

  @Test
  void compare_isOfTheSameMasks() throws IOException {
    Path other = TinyModel.OF_SEVEN.write(folder.resolve("other"), 2);
    JsonNode json =
        evaluate("--json --passes 4 --compare " + other, "--model", model, "--data", data)
            .succeeded()
            .json();
    JsonNode alone =
        evaluate("--json --passes 4", "--model", other, "--data", data).succeeded().json();
    JsonNode compared = json.path("compared");
    assertThat(number(compared, "estimates/0/natsPerToken"))
        .isEqualTo(number(alone, "natsPerToken"));
    assertThat(number(compared, "differences/0/natsPerToken"))
        .isCloseTo(number(json, "natsPerToken") - number(alone, "natsPerToken"), within(1e-12));
    assertThat(number(compared, "differences/0/standardError"))
        .isLessThan(
            number(json, "natsPerTokenStandardError") + number(alone, "natsPerTokenStandardError"));
    JsonNode itself =
        evaluate("--json --compare " + model, "--model", model, "--data", data).succeeded().json();
    assertThat(number(itself, "compared/differences/0/natsPerToken")).isZero();
    assertThat(number(itself, "compared/differences/0/interval/high")).isZero();
    Ran ran = evaluate("--compare " + other, "--model", model, "--data", data).succeeded();
    assertThat(ran.out()).contains("\nfirst less compared, continuous ", "\ncompared with ");
  }

  @Test
  void csv_hasALineAnEstimator() throws IOException {
    Path csv = folder.resolve("scores.csv");
    evaluate("--steps 3,inf --passes 2 --csv " + csv, "--model", model, "--data", data).check();
    List<String> lines = Files.readAllLines(csv);
    assertThat(lines).hasSize(3);
    int columns = lines.get(0).split(",", -1).length;
    assertThat(columns).isEqualTo(25);
    assertThat(lines.get(0)).endsWith(",residual");
    assertThat(lines.get(1))
        .startsWith("data train," + Sha256.of(data) + ",chunks,")
        .contains(",T = 3,2,0,131,1441,5,")
        .endsWith(",\"131 chunks, as groups are too few\",float32");
    assertThat(lines.get(2)).contains(",continuous,2,0,");
  }
}
