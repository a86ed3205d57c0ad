// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.quickstart.Quickstart;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code md4 data quickstart}. */
@Command(
    name = "quickstart",
    description = "Generates a small corpus for a first training, without a download.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 data quickstart --out data/quickstart"})
final class DataQuickstartCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DataOutput output;

  @Override
  public Integer call() throws IOException {
    PreparedData data =
        Quickstart.prepare(
            output.folder(), Quickstart.Sizes.STANDARD, Quickstart.SEED, output.existing());
    output.print(
        spec,
        data,
        "generated, of known entropy, which md4 evaluate prints as the floor; not"
            + " text8: numbers on it are not comparable with published ones");
    return ExitCodes.DONE;
  }
}
