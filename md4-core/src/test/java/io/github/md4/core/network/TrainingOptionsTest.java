// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.DeviceException;
import io.github.md4.core.network.TrainingOptions.Kernels;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class TrainingOptionsTest {
  @Test
  void fusedKernelsThatADeviceHas_computeUnlessTorchScriptIsAskedFor() {
    assertThat(Kernels.AUTO.fused(() -> Optional.of("ours"), "paper")).contains("ours");
    assertThat(Kernels.FUSED.fused(() -> Optional.of("ours"), "paper")).contains("ours");
    assertThat(Kernels.TORCHSCRIPT.fused(() -> Optional.of("ours"), "paper")).isEmpty();
  }

  @Test
  void fusedKernelsThatADeviceLacks_areAnErrorWhereTheyAreDemanded() {
    assertThat(Kernels.AUTO.fused(Optional::empty, "paper")).isEmpty();
    assertThat(Kernels.TORCHSCRIPT.fused(Optional::empty, "paper")).isEmpty();
    assertThatThrownBy(() -> Kernels.FUSED.fused(Optional::empty, "paper"))
        .isInstanceOf(DeviceException.class)
        .hasMessage("training.kernels: fused runs on paper; take auto");
  }

  /** To look for them may compile them. */
  @Test
  void fusedKernels_areNotLookedForWhereTorchScriptIsAskedFor() {
    assertThat(
            Kernels.TORCHSCRIPT.fused(
                () -> {
                  throw new IllegalStateException("looked for");
                },
                "paper"))
        .isEmpty();
  }
}
