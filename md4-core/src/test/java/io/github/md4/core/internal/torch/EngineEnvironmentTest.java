// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class EngineEnvironmentTest {
  private static final String WORKSPACE = "CUBLAS_WORKSPACE_CONFIG";

  /** Java's own copy of the environment is that of the process's start. */
  private static String now(String name) {
    Function getenv = NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("getenv");
    return getenv.invokeString(new Object[] {name}, false);
  }

  @Test
  void prepareFrozen_setsWhatTheUserHasNotSet() {
    EngineEnvironment.prepareFrozen();

    String before = System.getenv(WORKSPACE);
    assertThat(now(WORKSPACE)).isEqualTo(before == null ? ":4096:2:16:8" : before);
    String spins = System.getenv("GOMP_SPINCOUNT");
    assertThat(now("GOMP_SPINCOUNT")).isEqualTo(spins == null ? "2000" : spins);
  }
}
