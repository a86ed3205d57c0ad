// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.github.md4.core.Precision;
import org.junit.jupiter.api.Test;

final class ResidualTest {
  @Test
  void note_tellsWhereANarrowStreamIsAskedForInVain() {
    assertThat(Residual.note(Precision.BFLOAT16, Precision.FLOAT32, Device.gpu(1)))
        .contains("'--residual bfloat16' has no effect on this network on this GPU");
    assertThat(Residual.note(Precision.BFLOAT16, Precision.FLOAT32, Device.cpu()))
        .contains("'--residual bfloat16' has no effect on a CPU");
  }

  @Test
  void note_isEmptyWhereTheNetworkFollows() {
    assertThat(Residual.note(Precision.BFLOAT16, Precision.BFLOAT16, Device.gpu())).isEmpty();
    assertThat(Residual.note(Precision.FLOAT32, Precision.FLOAT32, Device.gpu())).isEmpty();
    assertThat(Residual.note(Precision.FLOAT32, Precision.FLOAT32, Device.cpu())).isEmpty();
  }
}
