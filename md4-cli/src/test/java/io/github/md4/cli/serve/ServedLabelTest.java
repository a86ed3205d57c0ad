// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.cli.TinyImages;
import io.github.md4.core.token.ClassNames;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a request may name its class. */
final class ServedLabelTest {
  @TempDir private Path folder;

  private static int label(ServedModel served, String label) {
    String body = "{\"label\": " + label + "}";
    return served.label(Fields.read(body.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void label_isANameOrANumber() throws IOException {
    ClassNames names = new ClassNames(List.of("big cat", "small dog", "fox"));
    Path path = TinyImages.write(folder.resolve("pets"), Optional.of(names));
    try (MaskedDiffusion model = MaskedDiffusion.load(path)) {
      ServedModel served = new ServedModel(model, "pets", 2, 3, SamplingOptions.defaults(), 0);
      assertThat(label(served, "\"small dog\"")).isEqualTo(1);
      assertThat(label(served, "2")).isEqualTo(2);
      for (String wrong : List.of("null", "true", "1.5", "3", "-1", "\"cow\"")) {
        assertThatThrownBy(() -> label(served, wrong))
            .isInstanceOf(Refusal.class)
            .hasMessageContaining("label must be");
      }
    }
  }
}
