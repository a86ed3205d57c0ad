// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.util.Utils;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;
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
      jar.putNextEntry(new ZipEntry("native/lib/pytorch.properties"));
      jar.write(
          "version=2.3.1-20240621\nflavor=cpu\nclassifier=linux-x86_64\n"
              .getBytes(StandardCharsets.UTF_8));
      jar.putNextEntry(new ZipEntry("native/lib/tokenizers.properties"));
      jar.write("version=0.19.1-0.29.0".getBytes(StandardCharsets.UTF_8));
      jar.putNextEntry(new ZipEntry("native/lib/linux-x86_64/cpu/libtokenizers.so"));
      jar.write(LIBRARY);
    }
    unpacked = Files.createDirectories(folder.resolve("cache/2.3.1-20240621-cpu-linux-x86_64"));
    Files.write(unpacked.resolve("libtorch_cpu.so"), LIBRARY);
    Files.write(unpacked.resolve(Engine.getDjlVersion() + "-libdjl_torch.so"), BINDING);
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
    Files.write(
        unpacked.resolve(Engine.getDjlVersion() + "-libdjl_torch.so"), new byte[] {9, 8, 6});
    assertThatThrownBy(this::check).hasMessageContaining("libdjl_torch.so: is not what was packed");
  }

  /** The names are DJL's: a check that knows other names looks at nothing. */
  @Test
  void check_knowsTheFolderOfTheEngineInUse() throws IOException {
    Engine engine = Engine.getEngine("PyTorch");
    assertThat(engine.getVersion()).isNotEmpty();
    NativeLibraries.check();
    try (Stream<Path> marks = Files.find(Utils.getEngineCacheDir("pytorch"), 2, this::isMark)) {
      assertThat(marks).isNotEmpty();
    }
  }

  private boolean isMark(Path file, BasicFileAttributes attributes) {
    return file.endsWith(".md4-checked");
  }

  @Test
  void check_namesALibraryOfTokenizersThatIsCutShort() throws IOException {
    Path tokenizers =
        Files.createDirectories(folder.resolve("cache/0.19.1-0.29.0-cpu-linux-x86_64"));
    Path library = Files.write(tokenizers.resolve("libtokenizers.so"), LIBRARY);
    check();
    Files.write(library, new byte[] {1, 2, 3});
    assertThatThrownBy(this::check)
        .hasMessageContaining("libtokenizers.so: is not what was packed (3 bytes of 7)");
  }

  /** Other programs may have other versions in the same cache, with libraries of the same names. */
  @Test
  void check_leavesOtherVersionsAlone() throws IOException {
    Path other = Files.createDirectories(folder.resolve("cache/2.7.1-20250812-cpu-linux-x86_64"));
    Files.write(other.resolve("libtorch_cpu.so"), new byte[] {1});
    Files.write(unpacked.resolve("0.1.0-libdjl_torch.so"), new byte[] {1});
    assertThatCode(this::check).doesNotThrowAnyException();
    assertThat(other.resolve(".md4-checked")).doesNotExist();
  }

  @Test
  void check_leavesFoldersOfOthersAlone() throws IOException {
    Path other = Files.createDirectories(folder.resolve("cache/9.9.9-cu999-linux-x86_64"));
    Files.write(other.resolve("libtorch_cuda.so"), new byte[] {1});
    check();
    assertThat(other.resolve(".md4-checked")).doesNotExist();
  }
}
