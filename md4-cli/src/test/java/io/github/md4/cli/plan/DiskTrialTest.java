// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskTrialTest {
  @TempDir private Path folder;

  @Test
  void secondsPerByte_leavesNothingBehind() throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      double seconds =
          DiskTrial.secondsPerByte(
              folder.resolve("runs/one"), Map.of("w", manager.ones(new Shape(3, 5))));
      assertThat(seconds).isPositive();
    }
    assertThat(folder).isEmptyDirectory();
  }
}
