// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.folder;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A run's checkpoints, {@code step-N} in one folder: each is whole or not there, the last few and
 * every n-th are kept. One process writes; others may read meanwhile.
 */
public final class Checkpoints {
  private final Path folder;
  private final int keepLast;
  private final long keepEvery;

  /**
   * A checkpoint on disk.
   *
   * @param step how many updates it has seen, at least 0
   * @param folder its own folder, {@code step-N}
   */
  public record Checkpoint(long step, Path folder) {}

  /**
   * Makes the checkpoints of a run.
   *
   * @param folder the folder of checkpoints of a run; made when the first is written
   * @param keepLast how many of the newest stay, at least 1
   * @param keepEvery the checkpoints at multiples of so many steps stay too; 0 for none
   * @throws IllegalArgumentException if {@code keepLast} is below 1 or {@code keepEvery} negative
   */
  public Checkpoints(Path folder, int keepLast, long keepEvery) {
    require(keepLast >= 1, "keepLast must be at least 1", keepLast);
    require(keepEvery >= 0, "keepEvery must be at least 0", keepEvery);
    this.folder = Objects.requireNonNull(folder, "folder");
    this.keepLast = keepLast;
    this.keepEvery = keepEvery;
  }

  /**
   * Writes the checkpoint of a step, then deletes those that are not kept.
   *
   * @param step the number of updates made, at least 0
   * @param content writes into the empty folder that becomes the checkpoint when all is written
   * @return the checkpoint's folder
   * @throws IllegalArgumentException if {@code step} is negative
   * @throws IOException if a file cannot be written; the checkpoints before stay as they are
   */
  public Path write(long step, AtomicWrite.Content content) throws IOException {
    require(step >= 0, "step must be at least 0", step);
    Files.createDirectories(folder);
    Path checkpoint = folderOf(step);
    AtomicWrite.folder(checkpoint, content);
    prune();
    return checkpoint;
  }

  /**
   * {@return the folder in which the checkpoint of a step is written}
   *
   * @param step the number of updates made
   */
  public Path folderOf(long step) {
    return folder.resolve("step-" + step);
  }

  /**
   * Returns the newest checkpoint in a folder, that of the most updates.
   *
   * @param folder the run's folder of checkpoints
   * @return the newest; empty where there is none or no such folder
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
    List<Checkpoint> all = new ArrayList<>();
    for (Path entry : ModelFolder.checkpoints(folder)) { // which a training beside this may delete
      ModelFolder.step(entry).ifPresent(step -> all.add(new Checkpoint(step, entry)));
    }
    return List.copyOf(all);
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
