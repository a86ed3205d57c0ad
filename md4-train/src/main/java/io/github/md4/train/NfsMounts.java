// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The network file systems whose locks other hosts do not see. */
final class NfsMounts {
  private static final Path MOUNTS = Path.of("/proc/self/mounts");
  private static final Set<String> LOCAL = Set.of("nolock", "local_lock=all", "local_lock=posix");

  private NfsMounts() {}

  /** Returns what to say where a lock on a file is not seen by other hosts. */
  static Optional<String> complaint(Path file) throws IOException {
    return Files.isReadable(MOUNTS)
        ? complaint(file, Files.readAllLines(MOUNTS))
        : Optional.empty();
  }

  /**
   * As {@link #complaint(Path)}.
   *
   * @param mounts the lines of {@code /proc/self/mounts}
   */
  static Optional<String> complaint(Path file, List<String> mounts) {
    return mounts.stream()
        .map(line -> line.split(" "))
        .filter(mount -> mount.length > 3 && file.startsWith(mount[1].replace("\\040", " ")))
        .max(Comparator.comparingInt(mount -> mount[1].length()))
        .filter(mount -> mount[2].startsWith("nfs"))
        .filter(mount -> Arrays.stream(mount[3].split(",")).anyMatch(LOCAL::contains))
        .map(
            mount ->
                "%s lies on %s, an NFS mount whose locks other hosts do not see; do not start a second training in this folder"
                    .formatted(file, mount[1]));
  }
}
