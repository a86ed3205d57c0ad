// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.Choices;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.NearestPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folders of a run in which models are: the finished one and the checkpoints. A run may be
 * written meanwhile.
 */
public final class ModelFolder {
  /** The folder of a run's finished model. */
  public static final String FINISHED = "model";

  /** The folder of a run's checkpoints. */
  public static final String CHECKPOINTS = "checkpoints";

  private static final Pattern CHECKPOINT = Pattern.compile("step-(\\d{1,18})");

  /**
   * The number of listings of a folder without a checkpoint: one may miss both the checkpoint that
   * a training writes and the one that it deletes meanwhile.
   */
  private static final int LISTINGS = 5;

  /** The folder in which configs lay their runs. */
  private static final String RUNS = "runs";

  /** The most models that a message names. */
  private static final int MOST_NAMED = 4;

  private ModelFolder() {}

  /**
   * {@return the folder of a model: {@code path} itself if it is a model's or a checkpoint's, or of
   * a run its finished model, else its last checkpoint} Raw weights are in checkpoints only.
   *
   * @param path a model, a checkpoint or a run
   * @param weights which weights: raw, or their moving average
   * @throws InvalidDataException if there is none
   * @throws IOException if the folder cannot be read
   */
  public static Path find(Path path, Weights weights) throws IOException {
    if (SavedModel.isIn(path)) {
      return path;
    }
    Path finished = path.resolve(FINISHED);
    if (weights == Weights.EMA && SavedModel.isIn(finished)) {
      return finished;
    }
    if (!Files.isDirectory(path)) {
      throw new InvalidDataException(
          path,
          (Files.exists(path) ? "is a file, not a folder" : "no such folder")
              + "; a run, checkpoint or model is expected"
              + meant(path));
    }
    for (int listing = 0; listing < LISTINGS; listing++) {
      List<Path> checkpoints = checkpoints(path.resolve(CHECKPOINTS));
      if (!checkpoints.isEmpty()) {
        return checkpoints.get(checkpoints.size() - 1);
      }
    }
    throw new InvalidDataException(
        path, "is neither a run with a checkpoint nor a model" + below(path));
  }

  /** Returns a question for the folder that most likely was meant, if there is one. */
  private static String meant(Path path) {
    if (Files.exists(path)) {
      return "";
    }
    Path ofRuns = path.resolveSibling(RUNS).resolve(path.getFileName());
    return Files.isDirectory(ofRuns) ? "; did you mean " + ofRuns + "?" : NearestPath.hint(path);
  }

  /** Returns the end of a message, which names some of the runs and models in a folder. */
  private static String below(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      List<String> found =
          entries
              .filter(each -> SavedModel.isIn(each) || Files.isDirectory(each.resolve(CHECKPOINTS)))
              .map(Path::toString)
              .sorted()
              .limit(MOST_NAMED)
              .toList();
      return found.isEmpty() ? "" : "; name one, such as " + Choices.alternatives(found);
    }
  }

  /**
   * {@return the checkpoints in a folder, the oldest first; none where there is no such folder}
   *
   * @param folder the folder of a run's checkpoints, {@code checkpoints} in the run
   * @throws IOException if the folder cannot be read
   */
  public static List<Path> checkpoints(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    Map<Long, Path> bySteps = new TreeMap<>();
    try (Stream<Path> entries = Files.list(folder)) {
      // A training beside this may delete an old one at any time: each is looked at once.
      entries.forEach(entry -> step(entry).ifPresent(step -> bySteps.put(step, entry)));
    }
    return List.copyOf(bySteps.values());
  }

  /**
   * {@return the step of a checkpoint's folder, at least 0; nothing of any other path}
   *
   * @param folder any path
   */
  public static OptionalLong step(Path folder) {
    Matcher name = CHECKPOINT.matcher(String.valueOf(folder.getFileName()));
    return name.matches() && Files.isDirectory(folder)
        ? OptionalLong.of(Long.parseLong(name.group(1)))
        : OptionalLong.empty();
  }
}
