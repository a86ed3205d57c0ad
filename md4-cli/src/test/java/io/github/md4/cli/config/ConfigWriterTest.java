// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.config.Experiment.Layer;
import io.github.md4.cli.config.Experiment.Model;
import io.github.md4.cli.config.Experiment.Optimizer;
import io.github.md4.cli.config.Experiment.Precision;
import io.github.md4.cli.config.Experiment.Square;
import io.github.md4.cli.config.Experiment.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigWriterTest {
  @TempDir private Path folder;

  private static Experiment experiment(String name, List<Double> scales) {
    return new Experiment(
        name,
        Path.of("data/text 8"),
        new Model(4, new Square(1.5), Precision.FLOAT_32, scales),
        new Training(
            Long.MAX_VALUE, 1.5e-4, true, Precision.BF16, new Optimizer(0.9, Double.MIN_VALUE)),
        List.of(new Layer("attention", 3), new Layer("mlp", -1)));
  }

  private void assertRoundTrip(Experiment config) throws IOException {
    Path file = Files.writeString(folder.resolve("config.yaml"), ConfigWriter.write(config));
    assertThat(ConfigLoader.load(file, List.of(), Experiment.class)).isEqualTo(config);
  }

  @Test
  void write_isReadBackEqual() throws IOException {
    assertRoundTrip(experiment("plain", List.of(0.1, 1e300, -2.5e-308, 5.0, 0.0, -0.0)));
    assertRoundTrip(
        experiment("", List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY)));
    assertRoundTrip(experiment("no list", List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "~",
        "true",
        "no",
        "5",
        "1e-3",
        "1.0",
        ".inf",
        " leading",
        "trailing ",
        "two\nlines",
        "end\n",
        "\n",
        "\n  indented",
        "a\n\n\n",
        "# comment",
        "a # b",
        "a: b",
        "a:",
        "- a",
        "-",
        "'",
        "\"",
        "\\",
        "{",
        "[a]",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "|",
        ">",
        "?",
        "? a",
        "---",
        "...",
        "tab\there",
        "\u0001",
        "\u00e9\u4e2d",
        "\ud83d\ude00",
        "=",
        "<<",
        "0x10",
        "0o7",
        "1:30",
        "2024-01-01",
        "a,b",
        "\r",
        "a\r\nb",
        "\u0085",
        "\u2028",
        "a\n\u0085b",
        "a \n",
        "a\n \n b",
        "\ufeff",
        "very long %s very long"
      })
  void write_keepsAnyString(String name) throws IOException {
    assertRoundTrip(experiment(name.replace("%s", "word ".repeat(80)), List.of()));
  }

  @Test
  void write_looksAsAPersonWouldWriteIt() {
    assertThat(ConfigWriter.write(experiment("small", List.of(0.5, 1e-4, 1e20))))
        .isEqualTo(
            """
            version: 1
            name: small
            data: data/text 8
            model:
              width: 4
              shape: square(1.5)
              precision: float-32
              scales:
              - 0.5
              - 1.0e-4
              - 1.0e+20
            training:
              steps: 9223372036854775807
              learningRate: 1.5e-4
              compile: true
              precision: bf16
              optimizer:
                beta1: 0.9
                beta2: 4.9e-324
            layers:
            - kind: attention
              heads: 3
            - kind: mlp
              heads: -1
            """);
  }
}
