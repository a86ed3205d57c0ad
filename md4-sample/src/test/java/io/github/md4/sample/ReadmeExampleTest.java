// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.sample.trajectory.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README's library example, line by line, on a model that a test can afford. */
@Tag("exact")
final class ReadmeExampleTest {

  @Test
  void example_printsTexts(@TempDir Path folder) throws IOException {
    TinyModelFolder.write(folder);
    List<String> printed = new ArrayList<>();
    try (MaskedDiffusion model = MaskedDiffusion.load(folder)) {
      SamplingOptions options = SamplingOptions.defaults().samples(4).seed(7); // 1,000 steps, exact
      for (Sample sample : model.generate(options)) {
        printed.add(sample.text());
      }
      Sample filled = model.infill("ab [MASK*3] c", options);
      printed.add(filled.text());
      LikelihoodEstimate estimate = model.score("abc cab");
      printed.add(estimate.bitsPerToken() + " +- " + estimate.bitsPerTokenStandardError());
    }
    assertThat(printed.subList(0, 4)).allMatch(text -> text.matches("[abc \\[\\]]{9}"));
    assertThat(printed.get(4)).matches("ab [abc \\[\\]]{3} c");
    assertThat(printed.get(5)).matches("\\d\\.\\d+ \\+- 0\\.\\d+");
  }
}
