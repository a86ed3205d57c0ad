// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.config.ConfigWriter;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The resolved config in a run's folder. */
public record RunConfig(RunFolder folder, Experiment experiment) {
  private static final String WARM_UP = "training.emaWarmUp";

  /** Writes the config of a run. */
  public void write() throws IOException {
    AtomicWrite.file(
        folder.config(), file -> Files.writeString(file, ConfigWriter.write(experiment)));
  }

  /**
   * Returns a line for each key of the training that a resumed run changes.
   *
   * @throws InvalidConfigException if the model differs from that of the run
   */
  public List<String> changes() throws IOException {
    if (!Files.exists(folder.config())) {
      return List.of();
    }
    Experiment before = read(folder);
    WarmStart.checkScheduleKind(
        before.model().schedule(), experiment.model().schedule(), folder.path());
    List<String> model = differences(before.model(), experiment.model());
    if (!model.isEmpty()) {
      throw new InvalidConfigException(
          folder.config().toString(),
          "the run has %s; another model needs another folder, --set run=DIR"
              .formatted(model.get(0)));
    }
    return differences(before.training(), experiment.training());
  }

  /** Returns the experiment of a run, as its folder has it. */
  public static Experiment read(RunFolder folder) throws IOException {
    return ConfigLoader.load(folder.config(), keys(folder), Experiment.class);
  }

  /**
   * Returns the keys that a run's config lacks where it was begun by a program that did not have
   * them, with the values that such a run has, as {@code key=value}.
   */
  private static List<String> keys(RunFolder folder) throws IOException {
    return ConfigLoader.text(folder.config(), List.of(), WARM_UP).isPresent()
        ? List.of()
        : List.of(WARM_UP + "=false");
  }

  /**
   * Returns what a config that goes on with a run takes from it where it says nothing itself, as
   * {@code key=value}; nothing where there is no run.
   *
   * @param overrides as in {@link ConfigLoader#load}
   */
  static List<String> inherited(RunFolder folder, Path config, List<String> overrides)
      throws IOException {
    if (!Files.exists(folder.config())
        || ConfigLoader.text(config, overrides, WARM_UP).isPresent()) {
      return List.of();
    }
    boolean isWarmedUp = read(folder).training().optimization().average().emaWarmUp();
    return List.of(WARM_UP + "=" + isWarmedUp);
  }

  private static List<String> differences(Record before, Record now) {
    List<String> were = ConfigWriter.write(before).lines().map(String::strip).toList();
    List<String> are = ConfigWriter.write(now).lines().map(String::strip).toList();
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < Math.min(were.size(), are.size()); i++) {
      if (!were.get(i).equals(are.get(i))) {
        differences.add("'%s', the config '%s'".formatted(were.get(i), are.get(i)));
      }
    }
    return differences;
  }
}
