// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A run's checkpoints, {@code step-N} in one folder: each is whole or not there, the last few and
 * every n-th are kept.
 */
public final class Checkpoints {
  private final Path folder;
  private final int keepLast;
  private final long keepEvery;

  /**
   * A checkpoint on disk.
   *
   * @param step how many updates it has seen
   * @param folder the run's folder of checkpoints
   */
  public record Checkpoint(long step, Path folder) {}

  /**
   * Makes the checkpoints of a run.
   *
   * @param folder the folder of checkpoints of a run
   * @param keepLast how many of the newest stay, at least 1
   * @param keepEvery the checkpoints at multiples of so many steps stay too; 0 for none
   */
  public Checkpoints(Path folder, int keepLast, long keepEvery) {
    this.folder = folder;
    this.keepLast = keepLast;
    this.keepEvery = keepEvery;
  }

  /**
   * Writes the checkpoint of a step, then deletes those that are not kept.
   *
   * @param step the number of updates made
   * @param content writes into the empty folder of the checkpoint
   * @return the checkpoint's folder
   * @throws IOException if a file cannot be read or written
   */
  public Path write(long step, AtomicWrite.Content content) throws IOException {
    Files.createDirectories(folder);
    Path checkpoint = folderOf(step);
    AtomicWrite.folder(checkpoint, content);
    prune();
    return checkpoint;
  }

  /** Returns where the checkpoint of a step is written. */
  Path folderOf(long step) {
    return folder.resolve("step-" + step);
  }

  /**
   * Returns the newest checkpoint in a folder
   *
   * @param folder the run's folder of checkpoints
   * @return the newest, if there is one
   * @throws IOException if a file cannot be read
   */
  public static Optional<Checkpoint> latest(Path folder) throws IOException {
    List<Checkpoint> all = in(folder);
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
  }

  /**
   * {@return the checkpoints in a folder, the oldest first; none where there is no such folder}
   *
   * @param folder the run's folder of checkpoints
   * @throws IOException if a file cannot be read
   */
  public static List<Checkpoint> in(Path folder) throws IOException {
    return ModelFolder.checkpoints(folder).stream()
        .map(entry -> new Checkpoint(ModelFolder.step(entry).orElseThrow(), entry))
        .toList();
  }

  private void prune() throws IOException {
    List<Checkpoint> all = in(folder);
    for (Checkpoint old : all.subList(0, Math.max(0, all.size() - keepLast))) {
      if (keepEvery == 0 || old.step() % keepEvery != 0) {
        AtomicWrite.deleteWhole(old.folder());
      }
    }
  }
}
