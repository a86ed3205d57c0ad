// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import io.github.md4.cli.failure.Usage;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The folder of a model, named by an option or as the first argument. */
public final class ModelArgument {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "RUN",
      description = "The same as --model RUN.")
  private Path argument;

  @Option(names = "--model", paramLabel = "DIR", description = ModelOptions.FOLDER, order = -1)
  private Path option;

  /**
   * Returns the folder.
   *
   * @throws picocli.CommandLine.ParameterException if none is named, or two are
   */
  public Path path() {
    return given()
        .orElseThrow(
            () -> Usage.error(spec, "Missing required option: '--model=DIR', or RUN alone"));
  }

  /**
   * Returns the folder, or nothing where none is named.
   *
   * @throws picocli.CommandLine.ParameterException if two are named
   */
  public Optional<Path> given() {
    Usage.require(
        spec,
        option == null || argument == null,
        "the model is named twice: %s and --model %s".formatted(argument, option));
    return Optional.ofNullable(ModelOptions.checked(option == null ? argument : option));
  }
}
