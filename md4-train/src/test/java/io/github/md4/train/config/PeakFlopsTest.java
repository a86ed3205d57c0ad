// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class PeakFlopsTest {

  @Test
  void peak_isWhatIsGiven_andOnACpuNotMeasured() {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThat(PeakFlops.parse("989e12").of(manager, Precision.BFLOAT16)).isEqualTo(989e12);
      assertThat(PeakFlops.parse("measured").of(manager, Precision.BFLOAT16)).isNaN();
    }
  }

  /** No GPU of those that run bfloat16 reaches less than 50 TFLOP/s, or 10,000. */
  @Test
  @Tag("gpu")
  void peak_isMeasuredOnAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: its peak is not measured");
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      assertThat(PeakFlops.parse("measured").of(manager, Precision.BFLOAT16))
          .isBetween(50e12, 10_000e12);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"measured", "9.89E14"})
  void text_isReadBack(String text) {
    assertThat(PeakFlops.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "auto", "0", "-1e12", "NaN", "Infinity", "1 TFLOPS"})
  void text_thatIsNoPeakIsRejected(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PeakFlops.parse(text))
        .withMessageStartingWith("peakFlops must be ");
  }
}
