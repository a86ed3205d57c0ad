// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.data.SplitWriter;
import io.github.md4.train.parallel.Communicator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The opening of a run in its folder, by one process or by all of a job. */
record RunOpening(RunPlace place, NDManager parent) {
  /** How another folder is named. */
  static final String ANOTHER = " --set run=DIR";

  /** One way to open a run. */
  @FunctionalInterface
  private interface Way {
    OpenRun open() throws IOException;
  }

  /**
   * Returns the run at its start.
   *
   * @throws InvalidDataException if the folder already holds a run, is a file, or is in use by
   *     another training
   */
  OpenRun start() throws IOException {
    checkIsNew();
    return locked(
        () -> {
          checkIsNew();
          return begin();
        });
  }

  /**
   * Returns the run at its start, which is never written.
   *
   * @throws InvalidDataException as {@link #start}
   * @throws IOException if the folder could not be written either
   */
  OpenRun trial() throws IOException {
    checkIsNew();
    if (place.plan().communicator().share().rank() == 0) {
      FolderTrial.check(place.folder());
    }
    return begin().agreed();
  }

  /** Returns the run at its newest checkpoint. */
  OpenRun newest() throws IOException {
    checkIsThere();
    return locked(() -> new Resumption(place, parent).newest());
  }

  /** Returns the run at its newest checkpoint that is whole. */
  OpenRun lastGood() throws IOException {
    checkIsThere();
    return locked(() -> new Resumption(place, parent).lastGood());
  }

  /** Returns the run at its last checkpoint before a step, or at its start, without its lock. */
  OpenRun before(long step) throws IOException {
    Optional<Checkpoints.Checkpoint> last =
        Checkpoints.in(place.folder().checkpoints()).stream()
            .filter(checkpoint -> checkpoint.step() < step)
            .reduce((earlier, later) -> later);
    OpenRun run = last.isPresent() ? new Resumption(place, parent).at(last.get()) : begin();
    return run.agreed();
  }

  private OpenRun begin() throws IOException {
    place.checkIsOneData();
    place.plan().model().checkIsWritable(); // now, and not after hours of training
    OpenRun run = new OpenRun(parent, place);
    run.begin();
    return run;
  }

  /**
   * Opens a run, in the first process under the lock of its folder, after what a process that died
   * there left behind. The others open it when the first has.
   */
  private OpenRun locked(Way way) throws IOException {
    Communicator communicator = place.plan().communicator();
    if (communicator.share().rank() > 0) {
      boolean unused = communicator.any(false);
      return way.open().agreed();
    }
    OpenRun run = underLock(way);
    boolean unused = communicator.any(false);
    return run.agreed();
  }

  private OpenRun underLock(Way way) throws IOException {
    RunLock lock = RunLock.take(place.folder());
    try {
      recover();
      OpenRun run = way.open();
      run.hold(lock);
      lock.sign();
      return run;
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private void recover() throws IOException {
    RunFolder folder = place.folder();
    for (Path name : List.of(folder.config(), folder.best(), folder.model())) {
      AtomicWrite.recoverName(name);
    }
    AtomicWrite.recover(folder.checkpoints());
  }

  private void checkIsNew() throws IOException {
    RunFolder folder = place.folder();
    if (Files.exists(folder.path()) && !Files.isDirectory(folder.path())) {
      throw new InvalidDataException(
          folder.path(), "is a file; a run needs a folder: name another," + ANOTHER);
    }
    if (Checkpoints.latest(folder.checkpoints()).isPresent() || Files.exists(folder.model())) {
      throw new InvalidDataException(
          folder.path(),
          "already holds a run; go on with --resume (in Java TrainingRun.resume) or name another folder,"
              + ANOTHER);
    }
    checkHoldsNoData(folder.path());
    checkNames(folder);
  }

  /** Checks that a run does not come between the files of a data set. */
  private static void checkHoldsNoData(Path folder) {
    for (String split : SplitWriter.SPLITS) {
      if (Files.exists(SplitWriter.bin(folder, split))) {
        throw new InvalidDataException(
            folder, "holds a data set (%s.bin); name another folder,%s".formatted(split, ANOTHER));
      }
    }
  }

  /** Checks that what a run writes has the place of nothing else, now and not at its first file. */
  private static void checkNames(RunFolder folder) {
    List<Path> folders =
        List.of(folder.checkpoints(), folder.tensorBoard(), folder.samples(), folder.best());
    for (Path each : folders) {
      if (Files.exists(each, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(each)) {
        throw new InvalidDataException(
            each,
            "is no folder, which a run needs there; move it away or name another folder,"
                + ANOTHER);
      }
    }
    for (Path each : List.of(folder.config(), folder.metrics())) {
      if (Files.isDirectory(each)) {
        throw new InvalidDataException(
            each,
            "is a folder where a run needs a file; move it away or name another folder," + ANOTHER);
      }
    }
  }

  private void checkIsThere() {
    Path path = place.folder().path();
    if (!Files.isDirectory(path)) {
      throw new InvalidDataException(
          path,
          "no such folder, so it has no checkpoint to resume from; leave out --resume to begin the run (in Java TrainingRun.start)");
    }
  }
}
