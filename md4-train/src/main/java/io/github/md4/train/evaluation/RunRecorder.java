// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.evaluation;

import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.train.TrainingListener;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.metrics.EventFile;
import io.github.md4.train.internal.metrics.MetricsLog;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The listener that keeps a run's records: {@code metrics.jsonl}, TensorBoard's event files, the
 * evaluations on the way and the best model.
 *
 * <pre>{@code
 * try (Evaluator evaluator = Evaluator.open(files, config, plan.model(), manager);
 *     RunRecorder recorder = RunRecorder.open(folder, run.updates(), evaluator)) {
 *   run.run(recorder, () -> false);
 * }
 * }</pre>
 */
public final class RunRecorder implements TrainingListener, AutoCloseable {
  private static final String TRAIN = "train";
  private static final String GUARD = "guard";
  private static final String STANDARD_ERROR = "StandardError";

  /** Why numbers of training may be unknown. */
  private static final Map<String, String> REASONS =
      Map.of(
          "gradientNorm", "training.guard is off, so nobody reads it",
          "modelFlopsUtilisation", "the device's peak is unknown: training.peakFlops gives it");

  private static final String SINGLE_CHUNK = "a single chunk, whose spread says nothing";

  private final Evaluator evaluator;
  private final BestModel best;
  private final MetricsLog log;
  private final EventFile events;
  private final Map<Long, List<Map<String, Number>>> rollbacks = new HashMap<>();

  private RunRecorder(Evaluator evaluator, BestModel best, MetricsLog log, EventFile events) {
    this.evaluator = evaluator;
    this.best = best;
    this.log = log;
    this.events = events;
  }

  /**
   * Opens the records of a run.
   *
   * @param folder the folder of the run; made where it is absent
   * @param updates the number of updates that the run has seen, at least 0; earlier records of
   *     later steps are dropped
   * @param evaluator evaluates the model where the run's plan says so; not closed by this
   * @return the records, closed by the caller
   * @throws io.github.md4.core.InvalidDataException if the metrics of a resumed run are damaged
   * @throws IOException if a file cannot be read or written
   */
  public static RunRecorder open(RunFolder folder, long updates, Evaluator evaluator)
      throws IOException {
    BestModel best = evaluator.best(folder);
    Files.createDirectories(folder.path());
    MetricsLog log = MetricsLog.open(folder.metrics(), before(updates));
    try {
      EventFile events = EventFile.create(folder.tensorBoard(), host(), Clock.systemUTC());
      if (updates > 0) {
        events.restart(updates + 1);
      }
      return new RunRecorder(evaluator, best, log, events);
    } catch (IOException | RuntimeException e) {
      log.close();
      throw e;
    }
  }

  /**
   * Refuses what {@link #open} would refuse of the records that are there, and writes nothing.
   *
   * @param folder the folder of the run, which may be absent
   * @param updates as in {@link #open}
   * @param evaluator as in {@link #open}
   * @throws io.github.md4.core.InvalidDataException if the records are damaged
   * @throws IOException if a file cannot be read
   */
  public static void check(RunFolder folder, long updates, Evaluator evaluator) throws IOException {
    BestModel unused = evaluator.best(folder);
    MetricsLog.check(folder.metrics(), before(updates));
  }

  /** Returns the step after which a run with so many updates goes on; -1 for a new run. */
  private static long before(long updates) {
    return updates == 0 ? -1 : updates;
  }

  /** Records the metrics of training. */
  @Override
  public void onMetrics(StepMetrics metrics) throws IOException {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("bitsPerToken", metrics.bitsPerToken());
    values.put("learningRate", metrics.learningRate());
    values.put("gradientNorm", metrics.gradientNorm());
    values.put("tokensPerSecond", metrics.speed().tokensPerSecond());
    values.put("modelFlopsUtilisation", metrics.speed().modelFlopsUtilisation());
    values.putAll(metrics.schedule());
    append(metrics.step(), TRAIN, values, REASONS);
  }

  /** Records an update that was left out, at its step. */
  @Override
  public void onSpike(Spike spike) throws IOException {
    appendGuard(spike.step(), numbers(spike));
  }

  /**
   * Drops the records of later steps than {@code step}. The record of the next step tells why, also
   * for earlier rollbacks to the same step.
   */
  @Override
  public void onRollback(Spike spike, long step) throws IOException {
    log.rewind(step == 0 ? -1 : step);
    events.restart(step + 1);
    Map<String, Number> numbers = new LinkedHashMap<>();
    numbers.put("rolledBackFrom", spike.step());
    numbers.putAll(numbers(spike));
    rollbacks.keySet().retainAll(Set.of(step));
    rollbacks.computeIfAbsent(step, each -> new ArrayList<>()).add(numbers);
    for (Map<String, Number> each : rollbacks.get(step)) {
      appendGuard(step + 1, each);
    }
  }

  private void appendGuard(long step, Map<String, Number> numbers) throws IOException {
    log.append(step, GUARD, numbers);
    events.scalars(
        step,
        curves(
            GUARD,
            Map.of(
                "bitsPerToken", numbers.get("bitsPerToken").doubleValue(),
                "gradientNorm", numbers.get("gradientNorm").doubleValue())));
  }

  private static Map<String, Number> numbers(Spike spike) {
    Map<String, Number> numbers = new LinkedHashMap<>();
    numbers.put("bitsPerToken", spike.bitsPerToken());
    numbers.put("gradientNorm", spike.gradientNorm());
    numbers.put("firstExample", spike.examples().first());
    numbers.put("lastExample", spike.examples().last());
    return numbers;
  }

  /** Evaluates the model and records the result; see {@link #evaluate}. */
  @Override
  public void onEvaluation(Learner learner, BooleanSupplier isStopRequested) throws IOException {
    List<Evaluation> unused = evaluate(learner, isStopRequested);
  }

  /**
   * Evaluates the model, records the result, keeps the model if it is the best, and returns it.
   *
   * @param learner the training as it is now
   * @param isStopRequested asked after each batch of an evaluation, which ends early where it is
   *     true
   * @return an evaluation for each file and weights, in the order of files, then weights
   * @throws java.util.concurrent.CancellationException if {@code isStopRequested} says so before
   *     the end; nothing is then recorded
   * @throws io.github.md4.core.InvalidDataException if the content of a file is not what its JSON
   *     states
   * @throws IOException if a file cannot be read or written
   */
  public List<Evaluation> evaluate(Learner learner, BooleanSupplier isStopRequested)
      throws IOException {
    List<Evaluation> evaluations = evaluator.evaluate(learner, isStopRequested);
    for (Evaluation each : evaluations) {
      LikelihoodEstimate estimate = each.estimate();
      Map<String, Double> values = new LinkedHashMap<>();
      values.put(each.weights() + "BitsPerToken", estimate.bitsPerToken());
      String error = each.weights() + STANDARD_ERROR;
      values.put(error, estimate.bitsPerTokenStandardError());
      append(learner.updates(), each.split(), values, Map.of(error, SINGLE_CHUNK));
    }
    if (!evaluations.isEmpty()) {
      best.offer(learner, evaluations.get(0));
    }
    return evaluations;
  }

  private void append(
      long step, String split, Map<String, Double> values, Map<String, String> reasons)
      throws IOException {
    log.append(step, split, values, reasons);
    events.scalars(step, curves(split, values));
  }

  /**
   * Shows a text in TensorBoard, such as a sample.
   *
   * @param step the number of updates made, at least 0
   * @param tag the name, whose part before the first slash is its group
   * @param text the text, which TensorBoard reads as Markdown
   * @throws IOException if a file cannot be read or written
   */
  public void text(long step, String tag, String text) throws IOException {
    events.text(step, tag, text);
  }

  /**
   * Shows a picture in TensorBoard, the bytes of a PNG file.
   *
   * @param step the number of updates made, at least 0
   * @param tag the name, whose part before the first slash is its group
   * @param png the bytes of a PNG file
   * @throws IOException if a file cannot be read or written
   */
  public void picture(long step, String tag, byte[] png) throws IOException {
    events.picture(step, tag, png);
  }

  /** Returns the points of curves. An unknown number, such as the error of one group, is none. */
  private static Map<String, Double> curves(String split, Map<String, Double> values) {
    Map<String, Double> curves = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          if (!Double.isNaN(value)) {
            curves.put(split + "/" + name, value);
          }
        });
    return curves;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "localhost";
    }
  }

  /** Closes the files of metrics and events; the evaluator stays open. */
  @Override
  public void close() throws IOException {
    try (log) {
      events.close();
    }
  }
}
