// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.data.DataCheck;
import io.github.md4.train.update.Learner;
import java.io.IOException;

/** The folder and the data of a run. */
record RunPlace(RunFolder folder, TrainingPlan plan, TrainingData data) {

  /** Returns the place of a run, whose model gets the names of the classes that the data have. */
  static RunPlace of(RunFolder folder, TrainingPlan plan, TrainingData data) throws IOException {
    return new RunPlace(folder, plan.naming(data.classNames(plan.model().config())), data);
  }

  Network network(NDManager manager) {
    return plan.model().network(manager, plan.training().computation().precision());
  }

  Trainer trainer(Learner learner) throws IOException {
    TrainingConfig training = plan.training();
    Batches batches =
        new Batches(
            data.windows(plan.model().config(), training.seed()),
            new Noise(training.seed()),
            training.batching(),
            plan.communicator().share());
    return new Trainer(folder, plan, labelsSha256(), learner, batches);
  }

  /**
   * Checks that the plan was made of the data that are given.
   *
   * @throws IllegalArgumentException if it was not: the run would state other data than it has seen
   */
  void checkIsOneData() {
    if (!data.sha256().equals(plan.dataSha256())) {
      throw new IllegalArgumentException(
          "plan and data must be of the same sequences (SHA-256 %s, %s): make the plan of these data"
              .formatted(plan.dataSha256(), data.sha256()));
    }
  }

  /** Returns the SHA-256 that the labels state; null without labels. */
  String labelsSha256() throws IOException {
    return data.labelsSha256(plan.model().config()).orElse(null);
  }

  DataCheck checkData() {
    return data.check(plan.model().config());
  }
}
