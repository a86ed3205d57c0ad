// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.evaluation;

import com.google.gson.JsonObject;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The model of a run with the lowest loss on the way. {@code RUN/best} holds it in the form of a
 * checkpoint, with {@code best.json}, which tells its step and its loss.
 */
final class BestModel {
  private static final String RECORD = "best.json";
  private static final String LOSS = "natsPerToken";
  private static final String DAMAGED = "has no natsPerToken; remove the folder";

  private final Path folder;
  private final SavedModel.Description model;
  private double lowest;

  private BestModel(Path folder, SavedModel.Description model, double lowest) {
    this.folder = folder;
    this.model = model;
    this.lowest = lowest;
  }

  /** Returns the best model of a run so far, which a resumed run may have kept already. */
  static BestModel open(RunFolder run, SavedModel.Description model) throws IOException {
    return new BestModel(run.best(), model, lowest(run.best().resolve(RECORD)));
  }

  /** Returns the best model of a run that keeps none: no loss is below its loss. */
  static BestModel none(RunFolder run, SavedModel.Description model) {
    return new BestModel(run.best(), model, Double.NEGATIVE_INFINITY);
  }

  private static double lowest(Path file) throws IOException {
    return Files.exists(file) ? loss(file) : Double.POSITIVE_INFINITY;
  }

  private static double loss(Path file) throws IOException {
    return new UntrustedFile(file)
        .readJson(DAMAGED, json -> StrictJson.number(json.get(LOSS), LOSS));
  }

  /** Keeps the model as it is if its loss is below all before. */
  void offer(Learner learner, Evaluation evaluation) throws IOException {
    double nats = evaluation.estimate().natsPerToken();
    if (nats < lowest) {
      lowest = nats;
      AtomicWrite.folder(folder, target -> write(target, learner, evaluation));
    }
  }

  private void write(Path target, Learner learner, Evaluation evaluation) throws IOException {
    model.write(target);
    SavedModel.writeWeights(
        target, learner.model().sets(Weights.RAW), learner.model().sets(Weights.EMA));
    JsonObject json = new JsonObject();
    json.addProperty("step", learner.updates());
    json.addProperty("split", evaluation.split());
    json.addProperty("weights", evaluation.weights().toString());
    json.addProperty(LOSS, evaluation.estimate().natsPerToken());
    Files.writeString(target.resolve(RECORD), json + "\n");
  }
}
