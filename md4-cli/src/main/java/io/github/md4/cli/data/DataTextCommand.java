// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.character.PlainText;
import io.github.md4.train.data.character.TextVocabulary;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 data text}. */
@Command(
    name = "text",
    description = "Prepares any text as characters or as bytes.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 data text --from book.txt --vocabulary chars --out data/book"})
final class DataTextCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private SourceFiles from;
  @Mixin private DataOutput output;

  @Option(
      names = "--vocabulary",
      required = true,
      paramLabel = "chars|bytes",
      description =
          "The vocabulary: the characters of the text, or the 256 bytes. md4 data tokens takes"
              + " others, such as gpt2.")
  private TextVocabulary vocabulary;

  @Option(
      names = "--fractions",
      paramLabel = "TRAIN,VALID",
      description =
          "The shares of train and valid, by position; test gets the rest. Default: 0.9,0.05.")
  private SplitFractions fractions = SplitFractions.STANDARD;

  @Override
  public Integer call() throws IOException {
    PlainText.Options options = new PlainText.Options(vocabulary, fractions, output.existing());
    PreparedData data = PlainText.prepare(from.files(), output.folder(), options);
    output.warnOfRepeats(spec, from.files());
    output.print(spec, data, "text (MD5 %s)".formatted(data.md5()));
    return ExitCodes.DONE;
  }
}
