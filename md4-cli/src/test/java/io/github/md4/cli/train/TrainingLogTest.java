// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.train.config.TrainingConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class TrainingLogTest {
  @Test
  void steps_haveOneForm() {
    StringWriter err = new StringWriter();
    TrainingConfig training = TrainingConfig.defaults().steps(3500);
    try (TrainingLog log = new TrainingLog(training, 16, 0, new PrintWriter(err, true))) {
      log.sample(1750, "a fox");
    }
    assertThat(err.toString()).contains("step 1,750: sample: a fox\n");
  }
}
