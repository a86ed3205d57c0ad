// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.character.Text8;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code md4 data text8}. */
@Command(
    name = "text8",
    description =
        "Prepares text8, or another text of its 27 characters, split 90/5/5 by" + " position.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 data text8 --from text8.zip --out data/text8"})
final class DataText8Command implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private SourceFiles from;
  @Mixin private DataOutput output;

  @Override
  public Integer call() throws IOException {
    PreparedData data = Text8.prepare(from.files(), output.folder(), output.existing());
    output.warnOfRepeats(spec, from.files());
    String origin =
        Text8.isText8(data)
            ? "text8 itself (MD5 %s)"
            : "not text8 (MD5 %s): numbers on it are not comparable with published ones";
    output.print(spec, data, origin.formatted(data.md5()));
    return ExitCodes.DONE;
  }
}
