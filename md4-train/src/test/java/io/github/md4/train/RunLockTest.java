// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lock within a process; that of several processes is tested through the command line. */
final class RunLockTest {
  @TempDir private Path folder;

  @Test
  void take_letsOneIn_alsoUnderAnotherName() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("run"));
    try (RunLock lock = RunLock.take(run)) {
      lock.sign();
      assertThat(lock.complaint()).isEmpty();
      assertThat(folder.resolve("run/.lock"))
          .content()
          .startsWith("process " + ProcessHandle.current().pid() + " on ");
      Path linked = Files.createSymbolicLink(folder.resolve("linked"), run.path());
      for (Path name : List.of(run.path(), linked, folder.resolve("run/../run"))) {
        assertThatThrownBy(() -> RunLock.take(new RunFolder(name)))
            .isInstanceOf(InvalidDataException.class)
            .hasMessageContaining("is in use by another training (this process)");
      }
    }
    RunLock.take(run).close();
  }

  @Test
  void close_removesTheFolderThatWasMadeForIt_unlessItIsUsed() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("runs/run"));
    RunLock.take(run).close();
    assertThat(folder).isEmptyDirectory();
    RunLock taken = RunLock.take(run);
    Path mine = Files.writeString(folder.resolve("runs/mine"), "");
    taken.close();
    assertThat(folder.resolve("runs")).isDirectoryContaining(mine::equals);
    assertThat(run.path()).doesNotExist();
    taken = RunLock.take(run);
    Files.writeString(run.config(), "");
    taken.close();
    assertThat(run.path().resolve(RunLock.NAME)).exists();
  }

  @ParameterizedTest
  @CsvSource({
    "nfs4, 'rw,vers=4.2', false",
    "nfs, 'rw,nolock,vers=3', true",
    "nfs, 'rw,local_lock=all', true",
    "nfs, 'rw,local_lock=flock', false",
    "ext4, 'rw,nolock', false"
  })
  void complaint_isOfMountsWhoseLocksAreLocal(String type, String options, boolean isComplaint) {
    List<String> mounts =
        List.of("root / ext4 rw 0 0", "host:/x /data/my\\040runs " + type + " " + options + " 0 0");
    assertThat(NfsMounts.complaint(Path.of("/data/my runs/a/.lock"), mounts).isPresent())
        .isEqualTo(isComplaint);
    assertThat(NfsMounts.complaint(Path.of("/home/a/.lock"), mounts)).isEmpty();
  }

  /** As NFS says where its lock manager does not run: the training goes on, and is told so. */
  @Test
  void take_whereThereAreNoLocksComplains() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("run"));
    RunLock.Locking none =
        channel -> {
          throw new IOException("No locks available");
        };
    try (RunLock lock = RunLock.take(run, none)) {
      lock.sign();
      assertThat(lock.complaint())
          .hasValueSatisfying(
              said ->
                  assertThat(said)
                      .endsWith(
                          "run/.lock cannot be locked (No locks available); do not start a second"
                              + " training in this folder"));
      // Within one process it is refused all the same.
      assertThatThrownBy(() -> RunLock.take(run, none)).hasMessageContaining("(this process)");
    }
    RunLock.take(run, none).close();
  }

  /** Another host has the lock: the file says who. */
  @Test
  void take_ofALockedFileNamesItsOwner() throws IOException {
    RunFolder run = new RunFolder(Files.createDirectories(folder.resolve("run")));
    Files.writeString(folder.resolve("run/.lock"), "process 7 on a\u001b[31mb\n");
    assertThatThrownBy(() -> RunLock.take(run, channel -> null))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("is in use by another training (process 7 on a [31mb); stop it");
    assertThatThrownBy(() -> RunLock.take(run, channel -> null)).hasMessageContaining("process 7");
  }
}
