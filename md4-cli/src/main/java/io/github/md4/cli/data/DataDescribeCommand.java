// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.BareTokens;
import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.data.packing.VocabularyChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 data describe}. */
@Command(
    name = "describe",
    description =
        "Describes the tokens of a .bin file of nanoGPT or llm.c in a JSON file beside"
            + " it. The file can then be trained on where it lies.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 data describe --file openwebtext/train.bin --vocabulary gpt2"})
final class DataDescribeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--file",
      required = true,
      paramLabel = "FILE.bin",
      description =
          "The file of uint16 tokens, with the header of llm.c or without a header. It is"
              + " not changed.")
  private Path file;

  @Option(
      names = "--vocabulary",
      paramLabel = "gpt2|bytes|FILE",
      description = "The vocabulary. Default: gpt2.")
  private VocabularyChoice vocabulary = VocabularyChoice.parse("gpt2");

  @Option(
      names = "--split",
      paramLabel = "train|valid|test",
      description = "The split of the data set. Default: ${DEFAULT-VALUE}.")
  private String split = "train";

  @Override
  public Integer call() throws IOException {
    if (vocabulary.isOfDocuments()) {
      throw Usage.error(spec, "tokens do not tell their characters; name a FILE of them");
    }
    DocumentOptions unused =
        new DocumentOptions(new DocumentRule.WholeFile(), "text", Detokenizer.NONE);
    Tokenizer tokenizer = vocabulary.tokenizer(List.of(), unused);
    String name = String.valueOf(file.toAbsolutePath().normalize().getParent().getFileName());
    Provenance provenance = new Provenance("described", 1, List.of());
    TokenFileInfo info =
        BareTokens.describe(file, new DataSplit(name, split, tokenizer, provenance));
    Table table = new Table();
    table.row("vocabulary", "%s", tokenizer.summary());
    table.row(split, "%s, %s, SHA-256 %s", Counted.of(info.count(), "token"), file, info.sha256());
    table.print(spec.commandLine().getOut());
    return ExitCodes.DONE;
  }
}
