// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import picocli.CommandLine.Command;

/** The command {@code md4 data}. */
@Command(
    name = "data",
    description = "Prepares texts and images as files of tokens: train, valid and test.",
    subcommands = {
      DataText8Command.class,
      DataTextCommand.class,
      DataTokensCommand.class,
      DataDescribeCommand.class,
      DataImagesCommand.class,
      DataQuickstartCommand.class,
    })
public final class DataCommand {}
