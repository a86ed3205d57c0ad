// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import com.google.gson.Gson;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The state of a checkpoint beside its arrays: {@code state.json}.
 *
 * @param formatVersion the version of this file's form
 * @param step the number of updates so far
 * @param seed the seed of the run's config
 * @param batches batches consumed so far: one an update, and those that a rollback left behind
 * @param dataPosition examples consumed so far, over all epochs
 * @param dataSha256 the SHA-256 of the training tokens, in hexadecimal
 * @param loss the unfinished mean of the training loss
 * @param isEvaluationOwed whether the run was stopped before the evaluation of this step
 * @param guard what the guard knows of the updates so far
 * @param labelsSha256 of the labels beside the tokens; null without labels, and in older
 *     checkpoints
 * @param engineThreads the threads of the engine on a CPU; 0 on a GPU, and in older checkpoints
 */
record RunState(
    int formatVersion,
    long step,
    long seed,
    long batches,
    long dataPosition,
    String dataSha256,
    PendingUpdates.Partial loss,
    boolean isEvaluationOwed,
    double[] guard,
    String labelsSha256,
    int engineThreads) {
  static final int FORMAT_VERSION = 2;
  private static final String NAME = "state.json";
  private static final String STEP = "step-";
  private static final Gson GSON = StrictJson.builder().setPrettyPrinting().create();

  void write(Path folder) throws IOException {
    Files.writeString(folder.resolve(NAME), GSON.toJson(this) + "\n");
  }

  /**
   * @throws InvalidDataException if it is missing, damaged or of another version
   */
  static RunState read(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(folder, "is no checkpoint: it has no " + NAME);
    }
    RunState state = parse(file);
    if (state == null
        || state.formatVersion != FORMAT_VERSION
        || state.loss == null
        || state.dataSha256 == null
        || state.guard == null) {
      throw new InvalidDataException(
          file, "is of another version or incomplete; this program reads " + FORMAT_VERSION);
    }
    String name = String.valueOf(folder.getFileName());
    if (name.startsWith(STEP) && !name.equals(STEP + state.step)) {
      throw new InvalidDataException(
          file, "says step %d, but lies in %s; one was changed".formatted(state.step, name));
    }
    return state;
  }

  private static RunState parse(Path file) throws IOException {
    return new UntrustedFile(file)
        .readJson("is no checkpoint's state", json -> GSON.fromJson(json, RunState.class));
  }
}
