// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.config.ConfigWriter;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.train.RunFolder;
import io.github.md4.train.WarmStart;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** The resolved config in a run's folder. */
public record RunConfig(RunFolder folder, Experiment experiment) {

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
    Experiment before = ConfigLoader.load(folder.config(), List.of(), Experiment.class);
    WarmStart.checkScheduleKind(
        before.model().schedule(), experiment.model().schedule(), folder.path());
    List<String> model = differences(before.model(), experiment.model());
    if (!model.isEmpty()) {
      throw new InvalidConfigException(folder.config().toString(), "the run has " + model.get(0));
    }
    return differences(before.training(), experiment.training());
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
