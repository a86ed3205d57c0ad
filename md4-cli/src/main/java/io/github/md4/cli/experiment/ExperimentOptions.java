// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.config.KeyReference;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options that name the experiment. */
public final class ExperimentOptions {
  @ArgGroup(multiplicity = "1", order = -2)
  private Source source;

  /** The file, named by an option or as an argument. */
  private static final class Source {
    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE.yaml",
        description = "The experiment.")
    private Path option;

    @Parameters(
        index = "0",
        arity = "1",
        paramLabel = "FILE.yaml",
        description = "The same as --config FILE.yaml.")
    private Path argument;

    private Path file() {
      return option == null ? argument : option;
    }
  }

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      completionCandidates = Overrides.class,
      description = "Replace a value, such as training.steps=100. May be repeated.",
      order = -1)
  private List<String> overrides = List.of();

  /**
   * The keys with {@code =}, and with each of their values where these are few, or the sign of
   * files.
   */
  private static final class Overrides implements Iterable<String> {
    private static final String FILES = "@";

    @Override
    public Iterator<String> iterator() {
      return KeyReference.of(Experiment.class).stream()
          .flatMap(
              key ->
                  Stream.concat(
                          Stream.of("", FILES).limit(key.isPath() ? 2 : 1), key.choices().stream())
                      .map(key::override))
          .distinct()
          .iterator();
    }
  }

  /** Returns the experiment. The values of the command line replace those of the file. */
  public Experiment load() throws IOException {
    return load(List.of());
  }

  /**
   * Checks that the file to train on is there, where the config itself names it and tells the
   * command that makes it. Other files are checked where they are opened.
   *
   * @param typed the name by which the program was started
   * @throws InvalidDataException if it is not there; the message has the command
   */
  public void checkDataIsMade(Experiment experiment, String typed) throws IOException {
    Path train = experiment.data().train();
    boolean isNamedThere =
        ConfigLoader.text(source.file(), List.of(), "data.train")
            .map(Path::of)
            .equals(Optional.of(train));
    if (Files.exists(train) || !isNamedThere) {
      return;
    }
    Optional<String> command = DataRecipe.of(source.file(), typed);
    if (command.isPresent()) {
      throw new InvalidDataException(
          train, "no such file; %s says what makes it: %s".formatted(source.file(), command.get()));
    }
  }

  /**
   * Returns the experiment that goes on with a run: where the file and the command line say nothing
   * of a key that the run's program did not have yet, it stays as it was in the run.
   */
  public Experiment loadFor(RunFolder run) throws IOException {
    return load(RunConfig.inherited(run, source.file(), overrides));
  }

  private Experiment load(List<String> inherited) throws IOException {
    List<String> all = new ArrayList<>(inherited);
    if (learnsPowers()
        && ConfigLoader.text(source.file(), overrides, "training.samples").isEmpty()) {
      all.add("training.samples=2"); // which learned powers need
    }
    all.addAll(overrides);
    return ConfigLoader.load(source.file(), all, Experiment.class);
  }

  private boolean learnsPowers() throws IOException {
    return ConfigLoader.text(source.file(), overrides, "model.schedule")
        .filter(ExperimentOptions::arePowers)
        .isPresent();
  }

  private static boolean arePowers(String schedule) {
    try {
      return ScheduleConfig.parse(schedule).match(curve -> false, powers -> true, noise -> false);
    } catch (IllegalArgumentException e) {
      return false; // the file's reader names the key
    }
  }
}
