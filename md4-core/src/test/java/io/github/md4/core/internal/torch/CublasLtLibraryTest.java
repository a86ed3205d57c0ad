// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Platform;
import io.github.md4.core.DeviceException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a library that the user names; one that works needs a GPU's libtorch. */
@Tag("exact")
final class CublasLtLibraryTest {
  @TempDir private Path folder;

  @AfterEach
  void forget() {
    System.clearProperty(CublasLtLibrary.PROPERTY);
  }

  @Test
  void named_isEmptyWhereNothingIsNamed() {
    assertThat(CublasLtLibrary.named("MD4_CUBLASLT", null)).isEmpty();
    assertThat(CublasLtLibrary.named("MD4_CUBLASLT", " ")).isEmpty();
  }

  @Test
  void named_refusesAFileThatIsMissingInOneLine() {
    String path = folder.resolve("libcublasLt.so.13").toString();
    assertThatThrownBy(() -> CublasLtLibrary.named("MD4_CUBLASLT", path))
        .isInstanceOf(DeviceException.class)
        .hasMessageStartingWith(
            "MD4_CUBLASLT names %s, which is no cuBLASLt that can be used (", path)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void named_refusesAFileThatIsNoLibrary() throws Exception {
    Path file = Files.writeString(folder.resolve("libcublasLt.so.13"), "text");
    assertThatThrownBy(() -> CublasLtLibrary.named("MD4_CUBLASLT", file.toString()))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("which is no cuBLASLt that can be used (");
  }

  @Test
  void named_namesTheFunctionThatALibraryLacks() {
    assumeTrue(Platform.isLinux(), "the name of the C library is Linux's");
    assertThatThrownBy(() -> CublasLtLibrary.named("MD4_CUBLASLT", "libc.so.6"))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("cublasLtCreate")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void named_readsThePropertyFirst() {
    System.setProperty(CublasLtLibrary.PROPERTY, "/nowhere/libcublasLt.so.13");
    assertThatThrownBy(CublasLtLibrary::named)
        .isInstanceOf(DeviceException.class)
        .hasMessageStartingWith("md4.cublasLt names /nowhere/libcublasLt.so.13, which ");
  }
}
