// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.Map;

/**
 * The environment variables that the engine's libraries read when they are loaded. The command line
 * sets them for its process; a library can only before DJL has loaded the engine.
 */
public final class EngineEnvironment {
  /**
   * Threads that wait for each other spin for milliseconds unless told otherwise, and lose most of
   * the speed wherever another thread wants the same cores.
   */
  private static final Map<String, String> WANTED = Map.of("GOMP_SPINCOUNT", "2000");

  /**
   * On Hopper cuBLAS takes 66 MiB of a GPU for each of its handles, and libtorch gives its own 32
   * MiB beside that. Products with frozen weights are as fast with the 8 MiB that both take on
   * other GPUs (https://docs.nvidia.com/cuda/cublas/#cublassetworkspace).
   */
  private static final Map<String, String> WANTED_FROZEN =
      Map.of("CUBLAS_WORKSPACE_CONFIG", ":4096:2:16:8");

  private EngineEnvironment() {}

  /** The C library's environment. */
  private static final class Environment {
    static {
      Native.register(Environment.class, Platform.C_LIBRARY_NAME);
    }

    private Environment() {}

    private static native int setenv(String name, String value, int overwrite);
  }

  /**
   * Sets what the user has not set, and checks the native libraries. Has an effect before the first
   * use of DJL's engine alone; what is set, on Linux alone.
   *
   * @throws io.github.md4.core.InvalidDataException if a library is not what its jar holds
   */
  public static void prepare() {
    NativeLibraries.check();
    set(WANTED);
  }

  /**
   * Sets what the user has not set, for networks with frozen weights, too. Has an effect before the
   * first product on a GPU alone.
   *
   * @throws io.github.md4.core.InvalidDataException if a library is not what its jar holds
   */
  public static void prepareFrozen() {
    prepare();
    set(WANTED_FROZEN);
  }

  private static void set(Map<String, String> wanted) {
    if (Platform.isLinux()) {
      wanted.forEach((name, value) -> set(name, value));
    }
  }

  private static void set(String name, String value) {
    try {
      int unused = Environment.setenv(name, value, 0);
    } catch (LinkageError e) {
      // Without it the engine computes the same, slower where cores are few.
    }
  }
}
