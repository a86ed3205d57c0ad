// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.configs;

import io.github.md4.cli.config.ConfigSchema;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.failure.ExitCodes;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code md4 config schema}. */
@Command(
    name = "schema",
    description = "Prints the JSON Schema of configs, for editors. configs/schema.json is it.",
    footer = {"%nExamples:", "  md4 config schema"})
final class ConfigSchemaCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(ConfigSchema.of(Experiment.class));
    return ExitCodes.DONE;
  }
}
