// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.FailureLine;
import io.github.md4.core.DeviceException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EngineFailuresTest {
  private static String line(String message, Throwable cause) {
    Throwable found = DeviceFailures.of(new EngineException(message, cause));
    assertThat(found).isInstanceOf(EngineUnavailableException.class);
    assertThat(ExitCodes.of(found)).isEqualTo(ExitCodes.FAILURE);
    assertThat(FailureLine.of(found)).doesNotContain("--stacktrace");
    return FailureLine.of(found);
  }

  @Test
  void fullDisk_namesFolderAndVariable() {
    assertThat(
            line(
                "Failed to extract PyTorch native library",
                new IOException("No space left on device")))
        .contains(EngineFailures.cache() + " (No space left on device); make room")
        .endsWith("name another folder: DJL_CACHE_DIR=FOLDER");
  }

  @Test
  void missingLibrary_saysHowToBuild() {
    assertThat(
            line(
                "Cannot download jni files: https://example.org/libdjl_torch.so",
                new UnknownHostException("example.org")))
        .contains(
            "is not among the jars",
            "(UnknownHost: example.org)",
            "mvn -Dmaven.test.skip=true package");
  }

  /** A build for CUDA on a machine without a GPU says so, not that the library is missing. */
  @ParameterizedTest
  @CsvSource({
    "'', no NVIDIA driver is loaded",
    "470.57.02, the NVIDIA driver 470.57.02 is too old (525.60.13 or later is needed)",
    "580.159.04, the NVIDIA driver shows no GPU that DJL takes",
  })
  void buildForCudaWithoutAGpu_saysSo(String driver, String why) {
    Throwable failure =
        new EngineException(
            "Failed to save pytorch index file", new UnknownHostException("example.org"));
    Optional<NvidiaDriver> loaded =
        Optional.of(driver).filter(text -> !text.isEmpty()).map(NvidiaDriver::new);
    assertThat(EngineFailures.of(failure, Optional.of(new Libtorch("2.3.1", "cu121")), loaded))
        .hasValueSatisfying(
            found ->
                assertThat(found.getMessage())
                    .startsWith("this build has libtorch for CUDA alone (cu121), " + why + ", and")
                    .endsWith("build for the CPU: mvn -Dmaven.test.skip=true package"));
    assertThat(EngineFailures.of(failure, Optional.of(new Libtorch("2.3.1", "cpu")), loaded))
        .hasValueSatisfying(
            found -> assertThat(found.getMessage()).contains("is not among the jars"));
  }

  @Test
  void libraryThatCannotBeMapped_namesTheVariable() {
    assertThat(
            line(
                "Failed to load PyTorch native library",
                new UnsatisfiedLinkError("/a/b.so: /a/b.so: failed to map segment from x")))
        .contains("(failed to map segment from x)", "noexec", "DJL_CACHE_DIR=FOLDER");
    assertThat(
            line(
                "Failed to load PyTorch native library",
                new UnsatisfiedLinkError("/a/b.so: version `GLIBC_2.17' not found")))
        .contains("this system is older than the library");
  }

  @Test
  void oldDriver_saysWhichIsNeeded() {
    Throwable found =
        DeviceFailures.of(
            new EngineException(
                "The NVIDIA driver on your system is too old (found version 11040). Please"));
    assertThat(found).isInstanceOf(DeviceException.class);
    assertThat(FailureLine.of(found)).contains("install driver 525.60.13 or later");
  }

  @ParameterizedTest
  @CsvSource({
    "470.57.02, true",
    "525.60.12, true",
    "525.60.13, false",
    "525.60, true",
    "580.159.04, false",
    "1000.1, false"
  })
  void driver_isTooOldBeforeCuda12(String version, boolean isTooOld) {
    String text =
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  " + version + "  Wed Oct 26 09:12:38 UTC";
    assertThat(NvidiaDriver.parse(text).orElseThrow())
        .isEqualTo(new NvidiaDriver(version))
        .returns(isTooOld, NvidiaDriver::isTooOld);
    assertThat(NvidiaDriver.parse("nothing")).isEmpty();
  }

  @Test
  void openDriver_isReadToo() {
    String text =
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build";
    assertThat(NvidiaDriver.parse(text)).contains(new NvidiaDriver("580.159.04"));
  }

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, false, ''",
    "Linux, amd64, true, musl",
    "Linux, ppc64le, false, ppc64le",
    "Linux, aarch64, false, aarch64",
    "Mac OS X, aarch64, false, ''",
    "Mac OS X, x86_64, false, x86_64",
    "Windows 11, amd64, false, ''",
    "SunOS, sparcv9, false, SunOS"
  })
  void platforms_areThoseOfDjl(String system, String processor, boolean isMusl, String complaint) {
    assertThat(SupportedPlatforms.complaint(system, processor, isMusl).orElse(""))
        .contains(complaint)
        .matches(text -> text.isEmpty() == complaint.isEmpty());
  }
}
