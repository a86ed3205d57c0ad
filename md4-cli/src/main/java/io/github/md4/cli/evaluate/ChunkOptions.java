// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.option.OptionTypes;
import picocli.CommandLine.Option;

/** The options of how many chunks are scored, and how many at once. */
final class ChunkOptions {
  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The number of chunks in one call of the network; the result does not depend on"
              + " it. Default: ${DEFAULT-VALUE}.")
  int batchSize = 64;

  @Option(
      names = "--chunks",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Score the first N chunks only. Default: all.")
  int limit = Integer.MAX_VALUE;
}
