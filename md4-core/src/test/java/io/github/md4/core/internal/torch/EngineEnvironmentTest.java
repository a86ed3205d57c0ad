// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import io.github.md4.core.internal.cuda.ProcessEnd;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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

  /** As where the temporary folder allows no native libraries. */
  @Test
  void prepareFrozen_withoutJna_leavesTheEnvironmentAsItIs() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Djna.nounpack=true",
                "-Djna.nosys=true",
                "-cp",
                System.getProperty("java.class.path"),
                WithoutJna.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  /** A process that prepares twice, and then makes an array. */
  static final class WithoutJna {
    private WithoutJna() {}

    public static void main(String... arguments) {
      System.setProperty("OPT_OUT_TRACKING", "true");
      EngineEnvironment.prepareFrozen();
      EngineEnvironment.prepareFrozen();
      Nnpack.switchOffWhereItCannotStart(Device.cpu());
      try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
        manager.ones(new Shape(2)).close();
        new ProcessHeap(manager.getDevice()).release();
      }
      ProcessEnd.now(0);
    }
  }
}
