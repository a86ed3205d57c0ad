// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.evaluation;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.image.ImageCompatibility;
import io.github.md4.train.data.window.EvaluationChunks;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.data.DataCheck;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The held-out sequences that a model in training is evaluated on, of files or in memory. Closing
 * it closes the files that it opened. Belongs to the thread of the training.
 */
public final class Evaluator implements AutoCloseable {
  private static final long POLL_NANOS = 5_000_000;

  private final EvaluationConfig config;
  private final SavedModel.Description model;
  private final NDManager manager;
  private final List<Split> splits = new ArrayList<>();
  private final List<TokenFile> files = new ArrayList<>();
  private DataCheck check; // null until all files are open

  /** Sequences and the name of their split. */
  private record Split(String name, Examples examples) {}

  private Evaluator(EvaluationConfig config, SavedModel.Description model, NDManager manager) {
    this.config = config;
    this.model = model;
    this.manager = manager;
  }

  /**
   * Opens all files.
   *
   * @param files the held-out files {@code .bin}, each with its JSON; none for an evaluator without
   *     results
   * @param config the chunks, passes and weights of an evaluation
   * @param model config, tokenizer and origin of the model in training
   * @param manager the manager of the batches, on the device of the model; stays the caller's
   * @return the evaluator, closed by the caller
   * @throws InvalidDataException if one is damaged, too short or of another vocabulary
   * @throws IOException if a file cannot be read
   */
  public static Evaluator open(
      List<Path> files, EvaluationConfig config, SavedModel.Description model, NDManager manager)
      throws IOException {
    Evaluator evaluator = new Evaluator(config, model, manager);
    try {
      for (Path file : files) {
        evaluator.add(TokenFile.open(file));
      }
      evaluator.check = DataCheck.start(files);
      return evaluator;
    } catch (IOException | RuntimeException e) {
      evaluator.close();
      throw e;
    }
  }

  /**
   * {@return an evaluator of sequences that are no files, closed by the caller}
   *
   * @param splits the sequences by the name of their split, such as valid, all of the model's
   *     length; {@link Examples#of} makes them of a list
   * @param config the chunks, passes and weights of an evaluation
   * @param model config, tokenizer and origin of the model in training
   * @param manager the manager of the batches, on the device of the model; stays the caller's
   * @throws IllegalArgumentException if some have another length
   */
  public static Evaluator of(
      Map<String, Examples> splits,
      EvaluationConfig config,
      SavedModel.Description model,
      NDManager manager) {
    Evaluator evaluator = new Evaluator(config, model, manager);
    splits.forEach(
        (name, examples) -> {
          require(
              examples.length() == model.config().length(),
              "%s: sequences must have the model's length, %s"
                  .formatted(name, Counted.of(model.config().length(), "token")),
              examples.length());
          evaluator.splits.add(new Split(name, examples));
        });
    evaluator.check = DataCheck.start(List.of());
    return evaluator;
  }

  private void add(TokenFile file) throws IOException {
    try {
      splits.add(new Split(split(file), chunks(file)));
      files.add(file);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private EvaluationChunks chunks(TokenFile file) throws IOException {
    boolean isSame =
        file.info().map(TokenFileInfo::tokenizer).filter(model.tokenizer()::equals).isPresent();
    if (!isSame) {
      throw new InvalidDataException(
          file.path(), "has another vocabulary than data.train; prepare them as one data set");
    }
    int length = model.config().length();
    return EvaluationChunks.labelled(
        file, length, ImageCompatibility.labels(file, model.config().network(), length));
  }

  /** Returns the best model of a run, which is none where the config keeps none. */
  BestModel best(RunFolder run) throws IOException {
    return config.keepBest() ? BestModel.open(run, model) : BestModel.none(run, model);
  }

  /**
   * Evaluates the learner on each file, with each of the weights. Processes that train together
   * divide the batches, and each of them has the result.
   *
   * @param learner the training as it is now
   * @param isStopRequested asked after each batch; one process that is to stop stops all
   * @return an evaluation for each file and weights, in the order of files, then weights
   * @throws java.util.concurrent.CancellationException if {@code isStopRequested} says so in any
   *     process
   * @throws InvalidDataException if the content of a file is not what its JSON states
   * @throws IOException if a file cannot be read or written
   */
  public List<Evaluation> evaluate(Learner learner, BooleanSupplier isStopRequested)
      throws IOException {
    Communicator communicator = learner.communicator();
    BooleanSupplier isAnyToStop = () -> communicator.any(isStopRequested.getAsBoolean());
    awaitCheck(communicator, isAnyToStop);
    List<Evaluation> evaluations = new ArrayList<>();
    for (Split split : splits) {
      Examples all = split.examples;
      Examples some = config.chunks() == 0 ? all : all.first(config.chunks());
      for (Weights weights : config.weights()) {
        evaluations.add(
            new Evaluation(split.name, weights, estimate(learner, weights, some, isAnyToStop)));
      }
    }
    return evaluations;
  }

  /**
   * Waits until all files have been compared with the SHA-256 that they state.
   *
   * @throws InvalidDataException if the content of a file is not what its JSON states
   * @throws IOException if a file cannot be read
   */
  public void awaitDataCheck() throws IOException {
    check.await();
  }

  private void awaitCheck(Communicator communicator, BooleanSupplier isAnyToStop)
      throws IOException {
    while (communicator.any(!check.isDone())) {
      checkStop(isAnyToStop);
      LockSupport.parkNanos(POLL_NANOS);
    }
    check.await();
  }

  private static void checkStop(BooleanSupplier isStopRequested) {
    if (isStopRequested.getAsBoolean()) {
      throw new CancellationException("the training is to stop");
    }
  }

  private LikelihoodEstimate estimate(
      Learner learner, Weights weights, Examples examples, BooleanSupplier isStopRequested) {
    return new LikelihoodEstimator(
            learner.model().objective(weights),
            config.settings(),
            learner.communicator().division())
        .estimate(
            manager,
            learner.model().denoiser(weights),
            examples,
            done -> checkStop(isStopRequested));
  }

  private static String split(TokenFile file) {
    return file.info().map(TokenFileInfo::split).orElse(file.path().getFileName().toString());
  }

  /** Ends the check of the files and closes them. */
  @Override
  public void close() {
    if (check != null) {
      check.close();
    }
    files.forEach(TokenFile::close);
  }
}
