// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.option;

import io.github.md4.core.internal.torch.EngineThreads;
import picocli.CommandLine.Option;

/** The option that sets the engine's threads on a CPU for a training, which depends on them. */
public final class TrainingThreadsOption {
  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = OptionTypes.Workers.class,
      description =
          "The number of threads of the engine on a CPU; the last bits of a training depend on it."
              + " Default: the engine's choice.")
  private Integer threads;

  /** Sets the number that was given, if any; before the engine computes. */
  public void apply() {
    if (threads != null) {
      EngineThreads.set(threads);
    }
  }
}
