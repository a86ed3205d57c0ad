// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.WriteFailure;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.ParameterFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The disk of a run, tried by a file that is written as those of a checkpoint: the arrays come from
 * their device, and the disk has them at the end. The file is removed.
 */
final class DiskTrial {
  private static final long ENOUGH_BYTES = 1L << 28;

  private DiskTrial() {}

  /**
   * Returns the seconds that a byte of the arrays takes.
   *
   * @param run the folder of the run, which need not exist
   * @param arrays float32, by name, at least one; the first of them where they are large
   * @throws IOException if nothing can be written there; it names the run
   */
  static double secondsPerByte(Path run, Map<String, NDArray> arrays) throws IOException {
    Map<String, NDArray> some = new LinkedHashMap<>();
    long bytes = 0;
    for (Map.Entry<String, NDArray> each : arrays.entrySet()) {
      if (bytes < ENOUGH_BYTES) {
        some.put(each.getKey(), each.getValue());
        bytes += Float.BYTES * each.getValue().size();
      }
    }
    Path folder = folder(run);
    try {
      long start = System.nanoTime();
      AtomicWrite.folder(
          folder.resolve("arrays"),
          target -> ParameterFile.writeArrays(target.resolve("arrays.safetensors"), some));
      return (System.nanoTime() - start) * 1e-9 / bytes;
    } catch (IOException e) {
      throw WriteFailure.named(run, folder, e);
    } finally {
      AtomicWrite.deleteWhole(folder);
    }
  }

  /** Makes a folder on the run's disk. */
  private static Path folder(Path run) throws IOException {
    try {
      return Files.createTempDirectory(existing(run.toAbsolutePath()), ".md4-plan");
    } catch (FileSystemException e) {
      throw WriteFailure.named(run, Path.of(e.getFile()), e);
    }
  }

  /** Returns the nearest folder that exists. */
  private static Path existing(Path path) {
    Path folder = path;
    while (!Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    return folder;
  }
}
