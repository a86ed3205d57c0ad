// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.schedule.ScheduleConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/** The start of a network's weights: drawn from their laws, or those of a trained model. */
public sealed interface WarmStart {

  /**
   * {@return a model before its first update, closed by the caller}
   *
   * @param parent the manager under which the arrays live; its device is theirs
   * @param network the network whose weights are trained, and its parameters' specs
   * @param plan what is trained, and how
   * @param schedule the schedule, closed with what is made
   * @throws InvalidConfigException if the start is a model of another network, vocabulary or kind
   *     of schedule
   * @throws io.github.md4.core.InvalidDataException if the start is a folder without a model, or a
   *     damaged one
   * @throws IOException if a file cannot be read or written
   */
  TrainedModel model(
      NDManager parent, Network network, TrainingRun.Plan plan, TrainedSchedule schedule)
      throws IOException;

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
    public TrainedModel model(
        NDManager parent, Network network, TrainingRun.Plan plan, TrainedSchedule schedule) {
      return TrainedModel.initial(parent, network, plan.training(), schedule);
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

    private static final String KEY = "training.warmStart";

    @Override
    public TrainedModel model(
        NDManager parent, Network network, TrainingRun.Plan plan, TrainedSchedule schedule)
        throws IOException {
      Path model = RunFolder.modelIn(folder, Weights.EMA);
      check(SavedModel.Description.read(model), plan.model());
      return TrainedModel.warm(parent, network, plan.training(), schedule, model);
    }

    private void check(SavedModel.Description found, SavedModel.Description wanted) {
      require(
          found.config().network().equals(wanted.config().network()),
          "has another network than model.network");
      require(
          found.tokenizer().equals(wanted.tokenizer()), "has another vocabulary than data.train");
      require(
          !found.config().schedule().isLearned()
              || found.config().schedule().isLike(wanted.config().schedule()),
          "was trained with "
              + learned(found.config().schedule())
              + "; set model.schedule to "
              + found.config().schedule()
              + " too");
    }

    private static String learned(ScheduleConfig schedule) {
      return schedule.match(
          curve -> "a curve", powers -> "learned powers", noise -> "learned noise");
    }

    private void require(boolean holds, String what) {
      if (!holds) {
        throw new InvalidConfigException(KEY, folder + " " + what);
      }
    }

    @Override
    public String toString() {
      return folder.toString();
    }
  }
}
