// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.config.ConfigWriter;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.train.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** The resolved config in a run's folder, and what a resumed run may not change of it. */
record RunConfig(RunFolder folder, Experiment experiment) {

  /** Writes the config of a new run; checks that a resumed one has the same model and training. */
  void checkOrWrite(boolean isResumed) throws IOException {
    if (isResumed && Files.exists(folder.config())) {
      Experiment before = ConfigLoader.load(folder.config(), List.of(), Experiment.class);
      check(before.model(), experiment.model());
      check(before.training(), experiment.training());
    }
    AtomicWrite.file(
        folder.config(), file -> Files.writeString(file, ConfigWriter.write(experiment)));
  }

  private void check(Record before, Record now) {
    List<String> were = ConfigWriter.write(before).lines().toList();
    List<String> are = ConfigWriter.write(now).lines().toList();
    for (int i = 0; i < Math.min(were.size(), are.size()); i++) {
      if (!were.get(i).equals(are.get(i))) {
        throw new InvalidConfigException(
            folder.config().toString(),
            "the run to resume has '%s', the config has '%s'"
                .formatted(were.get(i).strip(), are.get(i).strip()));
      }
    }
  }
}
