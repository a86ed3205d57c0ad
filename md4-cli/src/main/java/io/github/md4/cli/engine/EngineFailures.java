// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** The failures of DJL's engine at its start, each with what mends it. */
public final class EngineFailures {
  /** The variable that names DJL's cache. */
  public static final String CACHE_VARIABLE = "DJL_CACHE_DIR";

  private static final int DEEPEST = 20;

  private EngineFailures() {}

  /** Returns the folder into which DJL unpacks libtorch. */
  public static Path cache() {
    return Utils.getEngineCacheDir("pytorch");
  }

  /**
   * Returns what a failure means for the engine: a failure with one line that names folder and
   * variable; empty where the failure is none of the engine's start.
   */
  public static Optional<EngineUnavailableException> of(Throwable failure) {
    if (isDownload(String.valueOf(failure.getMessage()))) {
      try {
        return of(failure, Libtorch.packaged(), NvidiaDriver.loaded());
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
    return of(failure, Optional.empty(), Optional.empty());
  }

  private static boolean isDownload(String message) {
    return message.startsWith("Failed to save pytorch index")
        || message.startsWith("Cannot download jni files")
        || message.startsWith("Failed to download");
  }

  static Optional<EngineUnavailableException> of(
      Throwable failure, Optional<Libtorch> packaged, Optional<NvidiaDriver> driver) {
    String message = String.valueOf(failure.getMessage());
    if (message.startsWith("Failed to extract") || message.startsWith("Failed to create")) {
      return unavailable(
          failure,
          "libtorch cannot be unpacked into %s (%s); make room or give the right to write there, or name another folder: %s=FOLDER"
              .formatted(cache(), reason(failure), CACHE_VARIABLE));
    }
    if (isDownload(message)) {
      if (packaged.isPresent() && packaged.get().isForCuda()) {
        return unavailable(
            failure,
            "this build has libtorch for CUDA alone (%s), %s, and that for the CPU cannot be fetched into %s (%s); build for the CPU: mvn -Dmaven.test.skip=true package"
                .formatted(packaged.get().flavor(), why(driver), cache(), reason(failure)));
      }
      return unavailable(
          failure,
          "libtorch for %s is not among the jars, and cannot be fetched into %s (%s); build again: mvn -Dmaven.test.skip=true package"
              .formatted(platform(), cache(), reason(failure)));
    }
    if (message.startsWith("Failed to load PyTorch native library")) {
      return unavailable(
          failure,
          "libtorch in %s cannot be loaded (%s); %s"
              .formatted(cache(), last(reason(failure)), remedy(deepest(failure))));
    }
    return Optional.empty();
  }

  /** Returns why DJL does not take a libtorch for CUDA. */
  private static String why(Optional<NvidiaDriver> driver) {
    if (driver.isEmpty()) {
      return "no NVIDIA driver is loaded";
    }
    return driver.get().isTooOld()
        ? "the NVIDIA driver %s is too old (%s or later is needed)"
            .formatted(driver.get().version(), NvidiaDriver.OLDEST)
        : "the NVIDIA driver shows no GPU that DJL takes";
  }

  private static Optional<EngineUnavailableException> unavailable(Throwable failure, String line) {
    return Optional.of(new EngineUnavailableException(line, failure));
  }

  private static String remedy(Throwable deepest) {
    String text = String.valueOf(deepest.getMessage()).toLowerCase(Locale.ROOT);
    if (text.contains("failed to map segment") || text.contains("operation not permitted")) {
      return "its disk lets no program run (noexec): name a folder on another: "
          + CACHE_VARIABLE
          + "=FOLDER";
    }
    if (text.contains("glibc") || text.contains("not found")) {
      return "this system is older than the library: glibc 2.17 and libstdc++ 4.8 or later are"
          + " needed";
    }
    return "remove the folder, it is made anew";
  }

  /** Returns the platform in DJL's words, such as {@code linux-x86_64}. */
  public static String platform() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT).split(" ", 2)[0]
        + "-"
        + System.getProperty("os.arch");
  }

  private static String reason(Throwable failure) {
    Throwable deepest = deepest(failure);
    String message = String.valueOf(deepest.getMessage());
    String line = message.lines().findFirst().orElse("");
    String kind = deepest.getClass().getSimpleName();
    return deepest instanceof IOException && line.contains(" ")
        ? line
        : kind.replaceFirst("(Exception|Error)$", "") + ": " + line;
  }

  /** Returns the end of a message that repeats the path of a library. */
  private static String last(String reason) {
    return reason.substring(reason.lastIndexOf(": ") + 2);
  }

  private static Throwable deepest(Throwable failure) {
    Throwable deepest = failure;
    for (int depth = 0; depth < DEEPEST && deepest.getCause() != null; depth++) {
      deepest = deepest.getCause();
    }
    return deepest;
  }
}
