// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.schedule.TrainedSchedule;
import io.github.md4.train.update.TrainedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The weights that a training begins with, as its {@link WarmStart} says.
 *
 * @param plan what is trained, and how
 */
record StartingWeights(TrainingPlan plan) {
  private static final String KEY = "training.warmStart";

  /**
   * Returns a model before its first update, closed by the caller.
   *
   * @param parent the manager under which the arrays live; its device is theirs
   * @param network the network whose weights are trained, and its parameters' specs
   * @throws InvalidConfigException if the start is a model of another network, vocabulary or kind
   *     of schedule
   * @throws io.github.md4.core.InvalidDataException if the start is a folder without a model, or a
   *     damaged one
   */
  TrainedModel model(NDManager parent, Network network) throws IOException {
    TrainedSchedule schedule = plan.trainedSchedule(parent);
    Optional<Path> source = plan.training().warmStart().source();
    return source.isEmpty()
        ? TrainedModel.initial(parent, network, plan.training(), schedule)
        : warm(parent, network, schedule, source.get());
  }

  private TrainedModel warm(
      NDManager parent, Network network, TrainedSchedule schedule, Path folder) throws IOException {
    Path model = RunFolder.modelIn(folder, Weights.EMA);
    check(folder, SavedModel.Description.read(model), plan.model());
    return TrainedModel.warm(parent, network, plan.training(), schedule, model);
  }

  private static void check(
      Path folder, SavedModel.Description found, SavedModel.Description wanted) {
    require(
        folder,
        found.config().network().equals(wanted.config().network()),
        "has another network than model.network");
    require(
        folder,
        found.tokenizer().equals(wanted.tokenizer()),
        "has another vocabulary than data.train");
    require(
        folder,
        !found.config().schedule().isLearned()
            || found.config().schedule().isLike(wanted.config().schedule()),
        "was trained with "
            + learned(found.config().schedule())
            + "; set model.schedule to "
            + found.config().schedule()
            + " too");
  }

  private static String learned(ScheduleConfig schedule) {
    return schedule.match(curve -> "a curve", powers -> "learned powers", noise -> "learned noise");
  }

  private static void require(Path folder, boolean holds, String what) {
    if (!holds) {
      throw new InvalidConfigException(KEY, folder + " " + what);
    }
  }
}
