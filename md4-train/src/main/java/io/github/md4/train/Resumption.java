// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.SavedModel;
import io.github.md4.train.folder.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The opening of a run at one of its checkpoints. */
record Resumption(RunPlace place, NDManager parent) {
  private static final String SET_ASIDE = "damaged-";

  /** A checkpoint whose files cannot be read. */
  private static final class Damage extends Exception {
    private static final long serialVersionUID = 1;

    private Damage(Exception cause) {
      super(cause.getMessage(), cause);
    }
  }

  /**
   * Returns the run at its newest checkpoint.
   *
   * @throws InvalidDataException if there is none, the data are others, or it is damaged; the
   *     message then names the newest one that is whole
   * @throws InvalidConfigException if model, seed or batch size are not those of the checkpoint
   */
  OpenRun newest() throws IOException {
    List<Checkpoints.Checkpoint> newestFirst = newestFirst();
    try {
      return open(newestFirst.get(0));
    } catch (Damage e) {
      throw new InvalidDataException(
          newestFirst.get(0).folder(),
          "is damaged (%s); %s"
              .formatted(e.getMessage(), offer(newestFirst.subList(1, newestFirst.size()))),
          e);
    }
  }

  /**
   * Returns the run at its newest checkpoint that can be read. Those after it are renamed, so that
   * they are in nobody's way.
   *
   * @throws InvalidDataException and {@link InvalidConfigException} as {@link #newest}, and if none
   *     can be read
   */
  OpenRun lastGood() throws IOException {
    List<Checkpoints.Checkpoint> damaged = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (Checkpoints.Checkpoint checkpoint : newestFirst()) {
      try {
        OpenRun run = open(checkpoint);
        for (Checkpoints.Checkpoint each : damaged) {
          notes.add("renamed %s to %s".formatted(each.folder(), setAside(each.folder())));
        }
        return run.with(notes);
      } catch (Damage e) {
        damaged.add(checkpoint);
        notes.add("%s is damaged: %s".formatted(checkpoint.folder(), e.getMessage()));
      }
    }
    throw new InvalidDataException(
        place.folder().path(), "has no checkpoint that is whole: " + String.join("; ", notes));
  }

  private static Path setAside(Path folder) throws IOException {
    Path target = folder.resolveSibling(SET_ASIDE + folder.getFileName());
    for (int i = 2; Files.exists(target); i++) {
      target = folder.resolveSibling(SET_ASIDE + folder.getFileName() + "-" + i);
    }
    return Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
  }

  private List<Checkpoints.Checkpoint> newestFirst() throws IOException {
    List<Checkpoints.Checkpoint> all =
        new ArrayList<>(Checkpoints.in(place.folder().checkpoints()));
    if (all.isEmpty()) {
      throw new InvalidDataException(
          place.folder().path(), "has no checkpoint to resume from; " + withoutCheckpoint());
    }
    Collections.reverse(all);
    return all;
  }

  /** Returns how to train where there is no checkpoint: a finished model is never written over. */
  private String withoutCheckpoint() {
    return Files.exists(place.folder().model())
        ? "it holds a finished model: start anew in another folder," + RunOpening.ANOTHER
        : "leave out --resume to start anew in it (in Java TrainingRun.start)";
  }

  private String offer(List<Checkpoints.Checkpoint> older) throws IOException {
    for (Checkpoints.Checkpoint checkpoint : older) {
      try (OpenRun whole = open(checkpoint)) {
        return "step-%d before it is whole: --resume=last-good goes on from there"
            .formatted(whole.updates());
      } catch (Damage unused) {
        // the next may be whole
      }
    }
    return "no other checkpoint is whole";
  }

  /** Returns the run at a checkpoint. */
  private OpenRun open(Checkpoints.Checkpoint checkpoint) throws IOException, Damage {
    RunState state;
    SavedModel.Description model;
    try {
      state = RunState.read(checkpoint.folder());
      model = SavedModel.Description.read(checkpoint.folder());
    } catch (InvalidDataException | NoSuchFileException e) {
      throw new Damage(e);
    }
    new ResumeCheck(place.plan(), place.labelsSha256(), checkpoint).check(state, model);
    place.checkIsOneData();
    OpenRun run = new OpenRun(parent, place);
    try {
      run.goTo(checkpoint, state);
      return run;
    } catch (InvalidDataException | NoSuchFileException e) {
      run.close();
      throw new Damage(e);
    } catch (IOException | RuntimeException e) {
      run.close();
      throw e;
    }
  }

  /**
   * Returns the run at a checkpoint.
   *
   * @throws InvalidDataException and {@link InvalidConfigException} as {@link #newest}
   */
  OpenRun at(Checkpoints.Checkpoint checkpoint) throws IOException {
    try {
      return open(checkpoint);
    } catch (Damage e) {
      throw new InvalidDataException(
          checkpoint.folder(), "is damaged (%s)".formatted(e.getMessage()), e);
    }
  }
}
