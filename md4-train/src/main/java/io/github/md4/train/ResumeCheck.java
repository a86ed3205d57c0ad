// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SavedModel;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.folder.Checkpoints;

/**
 * The check that a plan can go on from a checkpoint.
 *
 * @param labelsSha256 of the labels beside the tokens; null without labels
 */
record ResumeCheck(TrainingPlan plan, String labelsSha256, Checkpoints.Checkpoint checkpoint) {

  /**
   * Returns if it can.
   *
   * @param saved the description of the checkpoint's model
   * @throws InvalidDataException if it was trained on other data
   * @throws InvalidConfigException if model, seed or batch size are others
   */
  void check(RunState state, SavedModel.Description saved) {
    if (!state.dataSha256().equals(plan.dataSha256())) {
      throw new InvalidDataException(
          checkpoint.folder(), "was trained on other tokens than data.train (SHA-256 differs)");
    }
    if (state.labelsSha256() != null && !state.labelsSha256().equals(labelsSha256)) {
      throw new InvalidDataException(
          checkpoint.folder(), "was trained on other labels than data.train has (SHA-256 differs)");
    }
    if (state.seed() != plan.training().seed()) {
      throw new InvalidConfigException(
          "training.seed",
          "must be the checkpoint's, %d: %d".formatted(state.seed(), plan.training().seed()));
    }
    if (!isOfWholeBatches(state)) {
      throw new InvalidDataException(
          checkpoint.folder(),
          "is damaged: its state has %s in %s"
              .formatted(
                  Counted.of(state.dataPosition(), "example"),
                  Counted.of(state.batches(), "batch", "batches")));
    }
    if (state.dataPosition() != state.batches() * plan.training().batching().batchSize()) {
      throw new InvalidConfigException(
          "training.batchSize",
          "must be the checkpoint's, %d: %d"
              .formatted(
                  state.dataPosition() / state.batches(), plan.training().batching().batchSize()));
    }
    checkModel(saved);
  }

  private static boolean isOfWholeBatches(RunState state) {
    return state.batches() < 1
        ? state.dataPosition() == 0
        : state.dataPosition() % state.batches() == 0;
  }

  /** Weights fit many a model that is not theirs: another schedule, say. */
  private void checkModel(SavedModel.Description saved) {
    WarmStart.checkScheduleKind(
        saved.config().schedule(), plan.model().config().schedule(), checkpoint.folder());
    if (!saved.config().equals(plan.model().config())) {
      throw new InvalidConfigException(
          "model",
          "must be the checkpoint's, as config.json in %s has it".formatted(checkpoint.folder()));
    }
    if (!saved.tokenizer().equals(plan.model().tokenizer())) {
      throw new InvalidDataException(
          checkpoint.folder(),
          "has another vocabulary than data.train; take the data it began with");
    }
  }
}
