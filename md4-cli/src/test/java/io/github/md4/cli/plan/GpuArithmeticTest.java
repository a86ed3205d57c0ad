// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.core.network.transformer.TransformerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class GpuArithmeticTest {
  private static final double MIB = 1L << 20;

  private static GpuArithmetic of(String name, int vocabulary, long parameters, String... more)
      throws IOException {
    List<String> overrides = new ArrayList<>(List.of("training.emaRate=0"));
    overrides.addAll(List.of(more));
    Experiment experiment =
        ConfigLoader.load(Path.of("..", "configs", name), overrides, Experiment.class);
    return new GpuArithmetic(
        (TransformerConfig) experiment.model().network(),
        experiment.model().length(),
        vocabulary,
        parameters,
        experiment.training());
  }

  /** The memory that nvidia-smi showed, in MiB: docs/lab/performance.md. */
  @ParameterizedTest
  @CsvSource({
    "owt-small.yaml, 50257, 165857344, 32, residual=float32, 18849",
    "owt-small.yaml, 50257, 165857344, 32, residual=bfloat16, 17625",
    "owt-small.yaml, 50257, 165857344, 32, emaRate=0.9999, 19483",
    "owt-small.yaml, 50257, 165857344, 32, recompute=layer, 10279",
    "text8.yaml, 27, 88734272, 512, residual=float32, 51057",
    "text8.yaml, 27, 88734272, 512, residual=bfloat16, 46155",
    "text8.yaml, 27, 88734272, 512, recompute=layer, 17601",
    "owt-medium.yaml, 50257, 416240960, 32, residual=bfloat16, 39125",
  })
  void sum_isTheRecordedMemory(
      String name, int vocabulary, long parameters, int batch, String setting, double recorded)
      throws IOException {
    GpuArithmetic arithmetic =
        of(
            name,
            vocabulary,
            parameters,
            "training.batchSize=" + batch,
            "training.microBatch=" + batch,
            "training.residual=float32",
            "training." + setting);
    assertThat(arithmetic.isOfThisPass()).isTrue();
    double sum = arithmetic.parts().values().stream().mapToLong(Long::longValue).sum() / MIB;
    assertThat(sum).isCloseTo(recorded, within(0.04 * recorded));
  }

  @Test
  void otherPasses_areNotCounted() throws IOException {
    assertThat(of("text8.yaml", 27, 1, "training.precision=float32").isOfThisPass()).isFalse();
  }
}
