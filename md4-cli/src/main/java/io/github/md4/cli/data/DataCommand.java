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
    },
    footer = {"%nExamples:", "  md4 data text --from book.txt --vocabulary chars --out data/book"})
public final class DataCommand {}
