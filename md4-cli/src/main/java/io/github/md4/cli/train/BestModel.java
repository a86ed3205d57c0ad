// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.support.Json;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.train.Learner;
import io.github.md4.train.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The model of a run that scored best on the first of its files, with the first of its weights: in
 * {@code RUN/best}, as a checkpoint has it, with {@code best.json} that says which it is.
 */
final class BestModel {
  private static final String SCORE = "best.json";

  private final Path folder;
  private final SavedModel.Description model;
  private double lowest;

  private BestModel(Path folder, SavedModel.Description model, double lowest) {
    this.folder = folder;
    this.model = model;
    this.lowest = lowest;
  }

  /** Returns the best of a run so far; of a run that is resumed what it has kept. */
  static BestModel open(RunFolder run, Experiment experiment, SavedModel.Description model)
      throws IOException {
    double lowest =
        experiment.evaluation().keepBest()
            ? lowest(run.best())
            : Double.NEGATIVE_INFINITY; // than which nothing is lower
    return new BestModel(run.best(), model, lowest);
  }

  private static double lowest(Path folder) throws IOException {
    Path score = folder.resolve(SCORE);
    if (!Files.exists(score)) {
      return Double.POSITIVE_INFINITY;
    }
    JsonNode nats = new JsonMapper().readTree(Files.readString(score)).path("natsPerToken");
    if (!nats.isNumber()) {
      throw new InvalidDataException(score, "has no natsPerToken; remove the folder");
    }
    return nats.asDouble();
  }

  /** Keeps the model as it is, if it scored lower than all before. */
  void offer(Learner learner, List<Evaluations.Score> scores) throws IOException {
    if (scores.isEmpty()) {
      return;
    }
    Evaluations.Score score = scores.get(0);
    double nats = score.estimate().natsPerToken();
    if (nats < lowest) {
      lowest = nats;
      AtomicWrite.folder(folder, target -> write(target, learner, score));
    }
  }

  private void write(Path target, Learner learner, Evaluations.Score score) throws IOException {
    model.write(target);
    SavedModel.writeWeights(
        target, learner.model().sets(Weights.RAW), learner.model().sets(Weights.EMA));
    String json =
        Json.object()
            .put("step", learner.updates())
            .put("split", score.split())
            .put("weights", score.weights().toString())
            .put("natsPerToken", score.estimate().natsPerToken())
            .toString();
    Files.writeString(target.resolve(SCORE), json + "\n");
  }
}
