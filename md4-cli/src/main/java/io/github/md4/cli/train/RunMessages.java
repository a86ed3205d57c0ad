// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.Device;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.experiment.AverageNote;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.report.TypedName;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.train.TrainingRun;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.parallel.Communicator;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The lines that tell of a run's begin and end.
 *
 * @param command the words behind {@code md4} that started it
 */
record RunMessages(Experiment experiment, List<String> command, PrintWriter err) {
  /** Tells on what the run is trained, and from which step on. */
  void begin(TrainingRun run, Device device, Communicator communicator) {
    if (run.updates() >= experiment.training().steps()) {
      return; // the run's notes say so
    }
    long parameters =
        run.learner().model().sets(Weights.RAW).values().stream().mapToLong(Parameters::size).sum();
    err.printf(
        Locale.ROOT,
        "training %s on %s: %,d parameters, %s%n%s of %,d x %,d tokens%n",
        experiment.run(),
        name(device) + others(communicator),
        parameters,
        experiment.training().computation().precision(),
        Counted.of(experiment.training().steps(), "step"),
        experiment.training().batching().batchSize(),
        experiment.model().length());
    if (run.updates() > 0) {
      err.printf(
          Locale.ROOT,
          "resuming at step %,d of %,d, from %s%n",
          run.updates(),
          experiment.training().steps(),
          checkpoint(run));
    }
    err.flush();
  }

  private static String others(Communicator communicator) {
    return communicator.share().size() == 1 ? "" : " by " + communicator.description();
  }

  private static String name(Device device) {
    int threads = EngineThreads.count();
    return device.isGpu()
        ? DeviceChoice.name(device)
        : "cpu (%s)".formatted(Counted.of(threads, "thread"));
  }

  private Path checkpoint(TrainingRun run) {
    return folder().checkpoints().resolve("step-" + run.updates());
  }

  private RunFolder folder() {
    return new RunFolder(experiment.run());
  }

  /** Tells where the run was saved, and how it goes on. */
  void interrupted(TrainingRun run) {
    err.println("saved step %,d in %s".formatted(run.updates(), checkpoint(run)));
    err.println("go on with: " + resumption());
  }

  private String resumption() {
    Stream<String> kept =
        command.stream()
            .filter(word -> !word.equals("--resume-or-start") && !word.startsWith("--resume"));
    return TypedName.line(Stream.concat(kept, Stream.of("--resume")).toList());
  }

  /** Tells where the model is, and what to do with it. */
  void finished(TrainingRun run) {
    AverageNote.of(experiment.training().optimization().average(), run.updates())
        .ifPresent(note -> err.println("md4: " + note));
    err.println("model: " + folder().model());
    next().ifPresent(err::println);
    err.flush();
  }

  private Optional<String> next() {
    Path run = experiment.run();
    boolean isText = experiment.model().network().imageShape().isEmpty();
    if (experiment.model().objective().generation().isUnmasking()) {
      return isText
          ? TypedName.next("sample", run, "--count", 4)
          : TypedName.next("sample-images", run, "--png", run.resolve("samples.png"));
    }
    List<Path> files = experiment.data().evaluate();
    return TypedName.next("evaluate", run, files.isEmpty() ? "FILE" : files.get(0));
  }
}
