// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.schedule.ScheduleConfig;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** The start of a network's weights: drawn from their laws, or those of a trained model. */
public sealed interface WarmStart {

  /**
   * {@return the folder of the model whose averaged weights are taken; empty where weights are
   * drawn}
   */
  Optional<Path> source();

  /**
   * {@return the choice written as {@code none} or as the folder of a model}
   *
   * @param text the text, as configs hold it; the folder is looked at when a run starts
   */
  static WarmStart parse(String text) {
    return text.equals(None.NAME) ? new None() : new Model(Path.of(text));
  }

  /**
   * Checks that a run goes on with a curve, or with learned powers, as it began.
   *
   * @param before the schedule of the weights in the folder
   * @param now the schedule of the config
   * @param folder the folder of the weights, for the message
   * @throws InvalidConfigException if {@code now} is of the other kind; it says what can be done
   */
  static void checkScheduleKind(ScheduleConfig before, ScheduleConfig now, Path folder) {
    if (before.isLike(now)) {
      return;
    }
    String advice =
        now.isLearned() && !before.isLearned()
            ? "start another run, training.warmStart: " + folder
            : "set it to " + before;
    throw new InvalidConfigException(
        "model.schedule",
        "is %s, but the weights in %s were trained with %s; %s"
            .formatted(now, folder, before, advice));
  }

  /** Weights drawn from their laws (spec, Section 5.4). */
  record None() implements WarmStart {
    private static final String NAME = "none";

    @Override
    public Optional<Path> source() {
      return Optional.empty();
    }

    @Override
    public String toString() {
      return NAME;
    }
  }

  /**
   * The averaged weights of a trained model; its powers or noise, if it has any, are not taken.
   *
   * @param folder the folder of a model, a checkpoint or a run
   */
  record Model(Path folder) implements WarmStart {
    /**
     * Checks that there is a folder to look for.
     *
     * @param folder the folder of a model, a checkpoint or a run
     * @throws NullPointerException if it is null
     */
    public Model {
      Objects.requireNonNull(folder, "folder");
    }

    @Override
    public Optional<Path> source() {
      return Optional.of(folder);
    }

    @Override
    public String toString() {
      return folder.toString();
    }
  }
}
