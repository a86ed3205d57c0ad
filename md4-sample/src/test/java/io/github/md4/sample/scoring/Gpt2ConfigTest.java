// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class Gpt2ConfigTest {
  private static final String WHOLE =
      """
      {"model_type": "gpt2", "n_layer": 2, "n_head": 3, "n_embd": 12, "n_positions": 7,
       "vocab_size": 11, "layer_norm_epsilon": 1e-6}
      """;

  @TempDir private Path folder;

  private Path written(String json) throws IOException {
    return Files.writeString(folder.resolve("config.json"), json);
  }

  @Test
  void read_takesAllNumbers() throws IOException {
    assertThat(Gpt2Config.read(written(WHOLE))).isEqualTo(new Gpt2Config(2, 3, 12, 7, 11, 1e-6));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1e-6 | NaN | layer_norm_epsilon must be a number of 64 bits: \"NaN\"",
        "1e-6 | \"1e-6\" | layer_norm_epsilon must be a number of 64 bits: \"1e-6\"",
        "1e-6 | 1e999 | layer_norm_epsilon must be a number of 64 bits: 1e999",
        "1e-6 | 1e-400 | layer_norm_epsilon must be a number of 64 bits: 1e-400",
        "1e-6 | -1e-99999999999 | layer_norm_epsilon must be a number of 64 bits: -1e-99999999999",
        "1e-6 | null | layer_norm_epsilon must be a number of 64 bits: null",
        "1e-6 | -1e-6 | layer_norm_epsilon must be at least 0: -1.0E-6",
        "\"n_layer\": 2 | \"n_layer\": 2.5 | n_layer must be a whole number: 2.5",
        "\"n_layer\": 2 | \"n_layer\": 4294967298 | n_layer must be a whole number: 4294967298",
        "\"n_layer\": 2 | \"n_layers\": 2 | n_layer must be a whole number: null",
      })
  void read_refusesNumbersThatAreNone(String right, String wrong, String message)
      throws IOException {
    Path file = written(WHOLE.replace(right, wrong));
    assertThatThrownBy(() -> Gpt2Config.read(file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }
}
