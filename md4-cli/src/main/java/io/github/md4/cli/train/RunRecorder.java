// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.image.ImageGrid;
import io.github.md4.cli.support.Progress;
import io.github.md4.cli.support.WithError;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.RunFolder;
import io.github.md4.train.Spike;
import io.github.md4.train.TrainingListener.StepMetrics;
import io.github.md4.train.metrics.EventFile;
import io.github.md4.train.metrics.MetricsLog;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Where a run's numbers and texts go: metrics.jsonl, TensorBoard, the run folder, the terminal. */
final class RunRecorder implements AutoCloseable {
  private static final String TRAIN = "train";
  private static final String GUARD = "guard";

  private final RunFolder folder;
  private final MetricsLog log;
  private final EventFile events;
  private final Progress progress;
  private final PrintWriter out;
  private final Map<Long, List<Map<String, Number>>> rollbacks = new HashMap<>();
  private String note = "";

  private RunRecorder(
      RunFolder folder, MetricsLog log, EventFile events, Progress progress, PrintWriter out) {
    this.folder = folder;
    this.log = log;
    this.events = events;
    this.progress = progress;
    this.out = out;
  }

  /**
   * Opens the records of a run.
   *
   * @param updates how many the run has seen; what earlier records say of later steps is dropped
   */
  static RunRecorder open(RunFolder folder, Experiment experiment, long updates, PrintWriter out)
      throws IOException {
    MetricsLog log = MetricsLog.open(folder.metrics(), updates == 0 ? -1 : updates);
    try {
      EventFile events = EventFile.create(folder.tensorBoard(), host(), Clock.systemUTC());
      if (updates > 0) {
        events.restart(updates + 1);
      }
      Progress progress = Progress.start("training", updates, experiment.training().steps());
      return new RunRecorder(folder, log, events, progress, out);
    } catch (IOException | RuntimeException e) {
      log.close();
      throw e;
    }
  }

  void step(long step) {
    progress.at(step, note);
  }

  void metrics(StepMetrics metrics) throws IOException {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("bitsPerToken", metrics.bitsPerToken());
    values.put("learningRate", metrics.learningRate());
    values.put("gradientNorm", metrics.gradientNorm());
    values.put("tokensPerSecond", metrics.speed().tokensPerSecond());
    values.put("modelFlopsUtilisation", metrics.speed().modelFlopsUtilisation());
    values.putAll(metrics.schedule());
    log.append(metrics.step(), TRAIN, values);
    events.scalars(metrics.step(), tagged(TRAIN, values));
    note = Progress.note(metrics.bitsPerToken(), metrics.speed());
  }

  /** Records an update that was left out, at its step. */
  void spike(Spike spike) throws IOException {
    guard(spike.step(), numbers(spike));
  }

  /**
   * Drops what is said of later steps than {@code step}, and records at the next one why, also for
   * the rollbacks to the same step before.
   */
  void rollback(Spike spike, long step) throws IOException {
    log.rewind(step == 0 ? -1 : step);
    events.restart(step + 1);
    Map<String, Number> numbers = new LinkedHashMap<>();
    numbers.put("rolledBackFrom", spike.step());
    numbers.putAll(numbers(spike));
    rollbacks.keySet().retainAll(Set.of(step));
    rollbacks.computeIfAbsent(step, each -> new ArrayList<>()).add(numbers);
    for (Map<String, Number> each : rollbacks.get(step)) {
      guard(step + 1, each);
    }
    progress.at(step, note);
  }

  private void guard(long step, Map<String, Number> numbers) throws IOException {
    log.append(step, GUARD, numbers);
    events.scalars(
        step,
        tagged(
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

  void scores(long step, List<Evaluations.Score> scores) throws IOException {
    for (Evaluations.Score score : scores) {
      LikelihoodEstimate estimate = score.estimate();
      Map<String, Double> values = new LinkedHashMap<>();
      values.put(score.weights() + "BitsPerToken", estimate.bitsPerToken());
      values.put(score.weights() + "StandardError", estimate.bitsPerTokenStandardError());
      log.append(step, score.split(), values);
      events.scalars(step, tagged(score.split(), values));
      out.printf(
          Locale.ROOT,
          "step %d: %s, %s weights: %s bits per token%n",
          step,
          score.split(),
          score.weights(),
          WithError.text(estimate.bitsPerToken(), estimate.bitsPerTokenStandardError()));
      out.flush();
    }
  }

  /** Records samples as texts, or as one picture where they are images. */
  void samples(long step, List<int[]> samples, Tokenizer tokenizer) throws IOException {
    if (samples.isEmpty()) {
      return;
    }
    Files.createDirectories(folder.samples());
    if (tokenizer.image().isPresent()) {
      ImageGrid grid = ImageGrid.square(tokenizer.image().get(), samples.size());
      byte[] png = grid.png(samples);
      Files.write(folder.samples().resolve("step-" + step + ".png"), png);
      events.picture(step, "samples", png);
    } else {
      String all =
          samples.stream().map(tokenizer::decode).collect(Collectors.joining("\n\n")) + "\n";
      Files.writeString(folder.samples().resolve("step-" + step + ".txt"), all);
      events.text(step, "samples", all);
    }
  }

  /** Returns the points of curves; what is not known, an error of one group, is no point. */
  private static Map<String, Double> tagged(String split, Map<String, Double> values) {
    Map<String, Double> tagged = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          if (!Double.isNaN(value)) {
            tagged.put(split + "/" + name, value);
          }
        });
    return tagged;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "localhost";
    }
  }

  @Override
  public void close() throws IOException {
    progress.close();
    try (log) {
      events.close();
    }
  }
}
