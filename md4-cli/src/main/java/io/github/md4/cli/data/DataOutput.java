// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.TextDefects;
import io.github.md4.train.data.character.Text8;
import io.github.md4.train.data.packing.DocumentTokens;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/** The folder of prepared data, and the report about it. */
final class DataOutput {
  @Mixin private DataFolder where;

  Path folder() {
    return where.folder();
  }

  Existing existing() {
    return where.existing();
  }

  /** Tells of a file that is read twice. */
  void warnOfRepeats(CommandSpec spec, List<Path> files) {
    where.warnOfRepeats(spec, files);
  }

  /**
   * Prints the report of a text, and its notes on stderr.
   *
   * @param origin the origin of the text, and the meaning of numbers on it
   */
  void print(CommandSpec spec, PreparedData data, String origin) {
    PrintWriter out = spec.commandLine().getOut();
    data.notes().forEach(note -> where.warn(spec, note));
    if (where.isJson()) {
      out.println(json(data));
    } else {
      table(data, origin).print(out);
    }
    where.printNext(spec);
  }

  /** Prints the report of documents, and its notes on stderr. */
  void print(CommandSpec spec, DocumentTokens.Prepared data) {
    PrintWriter out = spec.commandLine().getOut();
    data.notes().forEach(note -> where.warn(spec, note));
    if (where.isJson()) {
      out.println(json(data));
    } else {
      table(data).print(out);
    }
    where.printNext(spec);
  }

  private Table table(DocumentTokens.Prepared data) {
    Table table = new Table();
    Tokenizer tokenizer = data.splits().get(0).tokenizer();
    table.row("data set", "%s", data.name());
    table.row("vocabulary", "%s", tokenizer.summary());
    table.row("closed by", "%s", tokenizer.endOfText().isPresent() ? "the end of text" : "nothing");
    table.row("settings", "%s", data.splits().get(0).provenance().settings());
    table.row("documents", "%,d%s", data.documents(), defects(data.defects()));
    table.row(
        "tokens", "%,d; dropped %,d; padding %,d", data.tokens(), data.dropped(), data.padding());
    table.row("bytes per token", "%.4f", data.bytesPerToken());
    addSplits(table, data.splits());
    return table;
  }

  private static String defects(TextDefects defects) {
    String missing = defects.missing() == 0 ? "" : "; left out %,d without a text";
    String mended = defects.mended() == 0 ? "" : "; %,d with half a character, now U+FFFD";
    return missing.formatted(defects.missing()) + mended.formatted(defects.mended());
  }

  private ObjectNode json(DocumentTokens.Prepared data) {
    ObjectNode object =
        Json.report()
            .put("dataSet", data.name())
            .put("vocabularySize", data.splits().get(0).vocabularySize())
            .put("settings", data.splits().get(0).provenance().settings())
            .put("documents", data.documents())
            .put("textBytes", data.textBytes())
            .put("tokens", data.tokens())
            .put("dropped", data.dropped())
            .put("padding", data.padding())
            .put("missingTexts", data.defects().missing())
            .put("mendedTexts", data.defects().mended())
            .put("bytesPerToken", data.bytesPerToken());
    addSplits(object, data.splits());
    data.notes().forEach(object.putArray("notes")::add);
    return object;
  }

  private Table table(PreparedData data, String origin) {
    Table table = new Table();
    table.row("data set", "%s", data.name());
    table.row("origin", "%s", origin);
    table.row("vocabulary", "%s", tokenizer(data).summary());
    addSplits(table, data.splits());
    return table;
  }

  private void addSplits(Table table, List<TokenFileInfo> splits) {
    for (TokenFileInfo split : splits) {
      table.row(
          split.split(),
          "%s, %s, SHA-256 %s",
          Counted.of(split.count(), "token"),
          file(split),
          split.sha256());
    }
  }

  private ObjectNode json(PreparedData data) {
    ObjectNode object =
        Json.report()
            .put("dataSet", data.name())
            .put("isText8", Text8.isText8(data))
            .put("md5", data.md5())
            .put("vocabularySize", tokenizer(data).vocabularySize())
            .put("unit", tokenizer(data).unit());
    addSplits(object, data.splits());
    data.notes().forEach(object.putArray("notes")::add);
    return object;
  }

  private void addSplits(ObjectNode object, List<TokenFileInfo> splits) {
    ArrayNode array = object.putArray("splits");
    for (TokenFileInfo split : splits) {
      array
          .addObject()
          .put("split", split.split())
          .put("file", file(split).toString())
          .put("tokens", split.count())
          .put("sha256", split.sha256());
    }
  }

  private static Tokenizer tokenizer(PreparedData data) {
    return data.splits().get(0).tokenizer();
  }

  private Path file(TokenFileInfo split) {
    return folder().resolve(split.split() + ".bin");
  }
}
