// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeLibrariesTest {
  private static final byte[] LIBRARY = {1, 2, 3, 4, 5, 6, 7};
  private static final byte[] BINDING = {9, 8, 7};

  @TempDir private Path folder;
  private Path unpacked;

  @BeforeEach
  void unpack() throws IOException {
    try (OutputStream file = Files.newOutputStream(folder.resolve("native.jar"));
        ZipOutputStream jar = new ZipOutputStream(file)) {
      jar.putNextEntry(new ZipEntry("pytorch/cpu/linux-x86_64/libtorch_cpu.so"));
      jar.write(LIBRARY);
      jar.putNextEntry(new ZipEntry("jnilib/linux-x86_64/cpu/libdjl_torch.so"));
      jar.write(BINDING);
    }
    unpacked = Files.createDirectories(folder.resolve("cache/2.3.1-cpu-linux-x86_64"));
    Files.write(unpacked.resolve("libtorch_cpu.so"), LIBRARY);
    Files.write(unpacked.resolve("0.29.0-libdjl_torch.so"), BINDING);
  }

  private void check() throws IOException {
    URL[] jars = {folder.resolve("native.jar").toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(jars, null)) {
      NativeLibraries.check(folder.resolve("cache"), loader);
    }
  }

  @Test
  void check_takesWhatIsWholeAndMarksIt() throws IOException {
    check();
    assertThat(unpacked.resolve(".md4-checked")).isRegularFile();
    assertThatCode(this::check).doesNotThrowAnyException();
  }

  @Test
  void check_namesALibraryThatIsCutShort_alsoAfterItWasWhole() throws IOException {
    check();
    Files.write(unpacked.resolve("libtorch_cpu.so"), new byte[] {1, 2, 3});
    assertThatThrownBy(this::check)
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("libtorch_cpu.so: is not what was packed (3 bytes of 7)")
        .hasMessageContaining("remove the folder " + unpacked);
  }

  @Test
  void check_comparesTheContent() throws IOException {
    Files.write(unpacked.resolve("0.29.0-libdjl_torch.so"), new byte[] {9, 8, 6});
    assertThatThrownBy(this::check).hasMessageContaining("libdjl_torch.so: is not what was packed");
  }

  @Test
  void check_leavesFoldersOfOthersAlone() throws IOException {
    Path other = Files.createDirectories(folder.resolve("cache/9.9.9-cu999-linux-x86_64"));
    Files.write(other.resolve("libtorch_cuda.so"), new byte[] {1});
    check();
    assertThat(other.resolve(".md4-checked")).doesNotExist();
  }
}
