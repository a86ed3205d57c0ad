// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.schedule.TrainedSchedule;
import java.util.Objects;
import java.util.Optional;

/**
 * The plan of a run.
 *
 * @param training length, batches, arithmetic and optimizer of the training
 * @param cadence the steps between evaluations and between checkpoints
 * @param model config, tokenizer and origin of the model, which are written beside the weights
 * @param dataSha256 the SHA-256 of the training tokens, in hexadecimal; a resumed run must have the
 *     same
 * @param communicator the processes that train together; stays the caller's
 */
public record TrainingPlan(
    TrainingConfig training,
    Cadence cadence,
    SavedModel.Description model,
    String dataSha256,
    Communicator communicator) {
  /**
   * Checks that all are there.
   *
   * @param training length, batches, arithmetic and optimizer of the training
   * @param cadence the steps between evaluations and between checkpoints
   * @param model config, tokenizer and origin of the model, which are written beside the weights
   * @param dataSha256 the SHA-256 of the training tokens, in hexadecimal; a resumed run must have
   *     the same
   * @param communicator the processes that train together; stays the caller's
   * @throws NullPointerException if one is null
   */
  public TrainingPlan {
    Objects.requireNonNull(training, "training");
    Objects.requireNonNull(cadence, "cadence");
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(dataSha256, "dataSha256");
    Objects.requireNonNull(communicator, "communicator");
  }

  /**
   * Makes the plan of one process.
   *
   * @param training length, batches, arithmetic and optimizer of the training
   * @param cadence the steps between evaluations and between checkpoints
   * @param model config, tokenizer and origin of the model
   * @param dataSha256 the SHA-256 of the training tokens, in hexadecimal; a resumed run must have
   *     the same
   */
  public TrainingPlan(
      TrainingConfig training, Cadence cadence, SavedModel.Description model, String dataSha256) {
    this(training, cadence, model, dataSha256, Communicator.alone());
  }

  /**
   * {@return a plan for the tokens of a prepared file, which evaluates and writes a checkpoint at
   * the end alone}
   *
   * @param model length, objective, schedule and network of the model
   * @param training length, batches, arithmetic and optimizer of the training
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   * @throws InvalidDataException if the file does not say what its tokens are
   */
  public static TrainingPlan of(ModelConfig model, TrainingConfig training, TokenFile tokens) {
    return of(model, training, TrainingData.of(tokens));
  }

  /**
   * {@return a plan for data, which evaluates and writes a checkpoint at the end alone}
   *
   * @param model length, objective, schedule and network of the model
   * @param training length, batches, arithmetic and optimizer of the training
   * @param data the training sequences and their tokenizer
   * @throws InvalidDataException if a file does not say what its tokens are
   */
  public static TrainingPlan of(ModelConfig model, TrainingConfig training, TrainingData data) {
    return new TrainingPlan(
        training,
        Cadence.atTheEnd(),
        new SavedModel.Description(model, data.tokenizer()),
        data.sha256());
  }

  /**
   * {@return the same plan with other distances between evaluations and checkpoints}
   *
   * @param other the steps between evaluations and between checkpoints
   */
  public TrainingPlan withCadence(Cadence other) {
    return new TrainingPlan(training, other, model, dataSha256, communicator);
  }

  /**
   * {@return the same plan for several processes together, each of which has a run of it}
   *
   * @param others the processes of this training, this one included
   */
  public TrainingPlan with(Communicator others) {
    return new TrainingPlan(training, cadence, model, dataSha256, others);
  }

  /** Returns the same plan, whose model has the names of its classes where they are known. */
  TrainingPlan naming(Optional<ClassNames> names) {
    SavedModel.Description named =
        new SavedModel.Description(model.config(), model.tokenizer(), names);
    return names.isEmpty()
        ? this
        : new TrainingPlan(training, cadence, named, dataSha256, communicator);
  }

  /** Returns the schedule at the start of a training. */
  TrainedSchedule trainedSchedule(NDManager parent) {
    return TrainedSchedule.of(parent, model.tokenSpace(), model.config(), training);
  }
}
