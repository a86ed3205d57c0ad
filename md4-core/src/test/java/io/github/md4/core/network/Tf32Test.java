// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.sun.jna.Function;
import com.sun.jna.Platform;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The environment of TF32. Its effect on a GPU needs a process of its own: {@code TrainCommandTest}
 * starts one.
 */
@Tag("exact")
final class Tf32Test {

  @Test
  void allowAndForbid_setWhatTheLibrariesWillRead() {
    assumeFalse(Platform.isWindows(), "the environment cannot be set from within");
    Tf32.allow();
    assertThat(environment("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE")).isEqualTo("1");
    assertThat(environment("NVIDIA_TF32_OVERRIDE")).isNull();
    Tf32.forbid();
    assertThat(environment("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE")).isEqualTo("0");
    assertThat(environment("NVIDIA_TF32_OVERRIDE")).isEqualTo("0");
  }

  /** Returns a variable as C reads it; Java's copy is that of the start. */
  private static String environment(String name) {
    return Function.getFunction(Platform.C_LIBRARY_NAME, "getenv")
        .invokeString(new Object[] {name}, false);
  }

  @Test
  void isInEffect_isFalseOnACpu() {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThat(Tf32.isInEffect(manager)).isFalse();
    }
  }
}
