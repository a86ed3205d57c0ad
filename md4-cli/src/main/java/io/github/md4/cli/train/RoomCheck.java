// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.report.Bytes;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Network;
import io.github.md4.train.TrainingPlan;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The check that the disk has room for what a new run writes at least. */
final class RoomCheck {
  /** Raw weights and two moments are in a checkpoint, and the model is of one set. */
  private static final int SETS = 4;

  private RoomCheck() {}

  /**
   * Checks the free space where a run will lie; nothing where the system does not tell it.
   *
   * @param run the folder of the run, which need not exist
   * @throws IOException if the first checkpoint and the model do not fit
   */
  static void check(Path run, TrainingPlan plan, NDManager manager) throws IOException {
    FileStore disk = Files.getFileStore(existing(run.toAbsolutePath()));
    long free = disk.getUsableSpace();
    long needed = bytes(plan, manager);
    if (disk.getTotalSpace() > 0 && free >= 0 && free < needed) {
      throw new FileSystemException(
          run.toString(),
          null,
          "its first checkpoint and model need %s, %s are free; make room, or name another folder, --set run=DIR"
              .formatted(Bytes.text(needed), Bytes.text(free)));
    }
  }

  /** Returns the bytes of the arrays of a checkpoint and of the model, all float32. */
  private static long bytes(TrainingPlan plan, NDManager manager) {
    boolean isAveraged = plan.training().optimization().average().emaRate() != 0;
    try (Network network = plan.model().network(manager, Precision.FLOAT32)) {
      long parameters = network.specs().stream().mapToLong(spec -> spec.shape().size()).sum();
      return Float.BYTES * parameters * (isAveraged ? SETS + 1 : SETS);
    }
  }

  /** Returns the nearest folder that exists. */
  private static Path existing(Path path) {
    Path folder = path;
    while (!Files.exists(folder)) {
      folder = folder.getParent();
    }
    return folder;
  }
}
