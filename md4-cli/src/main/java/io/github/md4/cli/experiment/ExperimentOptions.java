// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.config.KeyReference;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
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
   * Returns the experiment to be trained. Its data need not be there; but where the config has
   * errors, files that are missing are told with them.
   *
   * @param typed the name by which the program was started
   */
  public Experiment loadToTrain(String typed) throws IOException {
    try {
      return load();
    } catch (InvalidConfigException e) {
      missing(namedFiles("data.train"), namedFiles("data.evaluate"), typed)
          .forEach(e::addSuppressed);
      throw e;
    }
  }

  /** Returns the files that a key names; none where the config cannot be read at all. */
  private List<Path> namedFiles(String key) throws IOException {
    try {
      return ConfigLoader.texts(source.file(), overrides, key).stream().map(Path::of).toList();
    } catch (InvalidConfigException | InvalidPathException e) {
      return List.of(); // which is told already
    }
  }

  /**
   * Checks that files are there. What is in them is checked where they are opened.
   *
   * @param train the file that is trained on
   * @param evaluate the files that are evaluated
   * @param typed the name by which the program was started
   * @throws InvalidDataException the first that is not there, with the others suppressed in it
   */
  public void checkDataIsMade(Path train, List<Path> evaluate, String typed) throws IOException {
    List<InvalidDataException> missing = missing(List.of(train), evaluate, typed);
    if (!missing.isEmpty()) {
      InvalidDataException first = missing.get(0);
      missing.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }

  /**
   * Returns an error of each file that is not there. Where the config itself names the file to
   * train on, and the command that makes it, this is the only one: the command makes them all.
   */
  private List<InvalidDataException> missing(List<Path> train, List<Path> evaluate, String typed)
      throws IOException {
    List<InvalidDataException> errors = new ArrayList<>();
    Optional<Path> first = train.stream().findFirst().filter(file -> !Files.exists(file));
    Optional<String> command =
        first.isPresent() && isNamedThere(first.get())
            ? DataRecipe.of(source.file(), typed)
            : Optional.empty();
    if (command.isPresent()) {
      return List.of(
          new InvalidDataException(
              first.get(),
              "no such file; %s says what makes it: %s".formatted(source.file(), command.get())));
    }
    for (Path file : Stream.concat(train.stream(), evaluate.stream()).distinct().toList()) {
      if (!Files.isRegularFile(file)) {
        opening(file).ifPresent(errors::add);
      }
    }
    return errors;
  }

  /** Returns the error that opening a file of tokens gives. */
  private static Optional<InvalidDataException> opening(Path file) throws IOException {
    try {
      TokenFile.open(file).close();
      return Optional.empty();
    } catch (InvalidDataException e) {
      return Optional.of(e);
    }
  }

  private boolean isNamedThere(Path train) throws IOException {
    return ConfigLoader.text(source.file(), List.of(), "data.train")
        .map(Path::of)
        .equals(Optional.of(train));
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
