// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import picocli.CommandLine.Command;

/** The command {@code md4 bench}. */
@Command(
    name = "bench",
    description = "Measures how fast a configuration runs on this machine.",
    subcommands = {
      BenchTrainCommand.class,
      BenchSampleCommand.class,
      BenchEvaluateCommand.class,
      BenchModelCommand.class
    },
    footer = {"%nExamples:", "  md4 bench train configs/quickstart.yaml"})
public final class BenchCommand {}
