// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FolderTrialTest {
  @TempDir private Path parent;

  @Test
  void aFolderInUse_isRefused_andLeftAsItWas() throws IOException {
    RunFolder folder = new RunFolder(Files.createDirectory(parent.resolve("run")));
    try (RunLock lock = RunLock.take(folder)) {
      lock.sign();
      assertThatThrownBy(() -> FolderTrial.check(folder))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("is in use by another training");
    }
    String signed = Files.readString(folder.path().resolve(RunLock.NAME));
    FolderTrial.check(folder);
    assertThat(folder.path().resolve(RunLock.NAME)).hasContent(signed);
    RunLock.take(folder).close();
  }

  @Test
  void foldersThatWereMissing_areMissingAgain() throws IOException {
    FolderTrial.check(new RunFolder(parent.resolve("a").resolve("b")));
    assertThat(parent).isEmptyDirectory();
  }
}
