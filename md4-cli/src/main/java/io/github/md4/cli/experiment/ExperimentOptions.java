// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.train.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that name the experiment. */
public final class ExperimentOptions {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE.yaml",
      description = "The experiment.",
      order = -2)
  private Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Replace a value, such as training.steps=100. May be repeated.",
      order = -1)
  private List<String> overrides = List.of();

  /** Returns the experiment. The values of the command line replace those of the file. */
  public Experiment load() throws IOException {
    return load(List.of());
  }

  /**
   * Returns the experiment that goes on with a run: where the file and the command line say nothing
   * of a key that the run's program did not have yet, it stays as it was in the run.
   */
  public Experiment loadFor(RunFolder run) throws IOException {
    return load(RunConfig.inherited(run, config, overrides));
  }

  private Experiment load(List<String> inherited) throws IOException {
    List<String> all = new ArrayList<>(inherited);
    if (isLearned() && ConfigLoader.text(config, overrides, "training.samples").isEmpty()) {
      all.add("training.samples=2"); // which a learned schedule needs
    }
    all.addAll(overrides);
    return ConfigLoader.load(config, all, Experiment.class);
  }

  private boolean isLearned() throws IOException {
    return ConfigLoader.text(config, overrides, "model.schedule")
        .filter(schedule -> schedule.startsWith("learned"))
        .isPresent();
  }
}
