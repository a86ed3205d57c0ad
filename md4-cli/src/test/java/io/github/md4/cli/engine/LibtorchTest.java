// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LibtorchTest {
  @TempDir private Path cache;

  @Test
  void unpacked_isThatOfTheSameFlavor() throws IOException {
    byte[] properties = "version=2.3.1-20240621\nflavor=cu121\n".getBytes(StandardCharsets.UTF_8);
    Libtorch cuda = Libtorch.read(new ByteArrayInputStream(properties));
    assertThat(cuda).isEqualTo(new Libtorch("2.3.1-20240621", "cu121"));
    assertThat(cuda.isForCuda()).isTrue();
    Libtorch cpu = new Libtorch("2.3.1-20240621", "cpu");
    assertThat(cpu.isForCuda()).isFalse();
    assertThat(Files.createDirectory(cache.resolve("2.3.1-20240621-cpu-linux-x86_64"))).exists();
    assertThat(cpu.isUnpackedIn(cache)).isTrue();
    assertThat(cuda.isUnpackedIn(cache)).isFalse();
    assertThat(cpu.isUnpackedIn(cache.resolve("none"))).isFalse();
  }

  @Test
  void packaged_isThatOfTheTests() throws IOException {
    assertThat(Libtorch.packaged()).hasValueSatisfying(it -> assertThat(it.version()).isNotEmpty());
  }
}
