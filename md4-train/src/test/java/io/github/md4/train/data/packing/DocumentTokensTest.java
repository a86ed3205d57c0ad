// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import static io.github.md4.train.data.packing.DocumentFiles.TRAIN;
import static io.github.md4.train.data.packing.DocumentFiles.closed;
import static io.github.md4.train.data.packing.DocumentFiles.jsonLines;
import static io.github.md4.train.data.packing.DocumentFiles.parquet;
import static io.github.md4.train.data.packing.DocumentFiles.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.Sha256;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.Written;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.internal.data.SplitWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class DocumentTokensTest {
  @TempDir private Path folder;

  private Path out() {
    return folder.resolve("out");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.txt",
        "a.txt.gz",
        "a.txt.xz",
        "a.txt.zst",
        "a.txt.zip",
        "a.jsonl",
        "a.json.zst"
      })
  void documents_areReadInOrderAndClosed(String name) throws IOException {
    List<String> texts = texts(2000);
    boolean isJson = name.contains("json");
    String content = isJson ? jsonLines(texts) : String.join("\n", texts) + "\n";
    Path file = Written.text(folder.resolve(name), content);
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.EachLine(), new TokenPacking.Stream(TRAIN), file);
    int[] expected = closed(texts);
    assertThat(Written.ids(out(), "train")).isEqualTo(expected);
    assertThat(data.name()).isEqualTo("a");
    assertThat(data.documents()).isEqualTo(2000);
    assertThat(data.tokens()).isEqualTo(expected.length);
    assertThat(data.textBytes()).isEqualTo(String.join("", texts).length());
    TokenFileInfo info = data.splits().get(0);
    assertThat(info.sha256()).isEqualTo(Sha256.of(out().resolve("train.bin")));
    assertThat(info.provenance().files().get(0).sha256()).isEqualTo(Sha256.of(file));
    assertThat(info.provenance().settings()).startsWith("documents lines, field text");
  }

  @Test
  void parquet_isReadByColumn() throws IOException {
    List<String> texts = texts(500);
    Path file = parquet(folder.resolve("a.parquet"), texts);
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.WholeFile(), new TokenPacking.Stream(TRAIN), file);
    assertThat(data.documents()).isEqualTo(500);
    assertThat(Written.ids(out(), "train")).isEqualTo(closed(texts));
  }

  @Test
  void files_areJoined() throws IOException {
    List<String> texts = texts(60);
    Files.createDirectories(folder.resolve("b"));
    Path first = Written.text(folder.resolve("b/1.jsonl.gz"), jsonLines(texts.subList(0, 25)));
    Path second = parquet(folder.resolve("b/2.parquet"), texts.subList(25, 60));
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.WholeFile(), new TokenPacking.Stream(TRAIN), first, second);
    assertThat(data.name()).isEqualTo("b");
    assertThat(Written.ids(out(), "train")).isEqualTo(closed(texts));
  }

  /** Pieces of a long document are encoded apart, and join as if it had been encoded whole. */
  @Test
  void longDocument_isEncodedAsOne() throws IOException {
    Random random = new Random(1);
    StringBuilder text = new StringBuilder();
    while (text.length() < 3_000_000) {
      text.append(
          List.of("of", "  ", " ", "\n", "\n\n", "Anarchy", "12", "...", "\u00E9t\u00E9")
              .get(random.nextInt(9)));
    }
    Path file = Written.text(folder.resolve("long.txt"), text.toString());
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.WholeFile(), new TokenPacking.Stream(TRAIN), file);
    assertThat(data.documents()).isEqualTo(1);
    assertThat(Written.ids(out(), "train")).isEqualTo(closed(List.of(text.toString())));
  }

  @Test
  void until_endsDocumentsAtALine() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "one\ntwo\n---\nthree\n---\n\nfour");
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), DocumentRule.parse("until=---"), new TokenPacking.Stream(TRAIN), file);
    assertThat(data.documents()).isEqualTo(3);
    assertThat(Written.ids(out(), "train"))
        .isEqualTo(closed(List.of("one\ntwo", "three", "\nfour")));
  }

  @Test
  void rows_keepTheirLineEndsAndBlankOnesAreEmpty() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), " = Title = \n \nText .\r\n");
    DocumentTokens.Prepared unused =
        DocumentFiles.prepare(
            out(), new DocumentRule.WikiTextRows(), new TokenPacking.Stream(TRAIN), file);
    assertThat(Written.ids(out(), "train"))
        .isEqualTo(closed(List.of(" = Title = \n", "", "Text .\n")));
  }

  @Test
  void documents_areDrawnWhole() throws IOException {
    List<String> texts = texts(3000);
    Path file = Written.text(folder.resolve("a.txt"), String.join("\n", texts) + "\n");
    DocumentSplit split = new DocumentSplit.ByShare(new SplitFractions(0.8, 0.15), 7);
    DocumentTokens.Prepared unused =
        DocumentFiles.prepare(
            out(), new DocumentRule.EachLine(), new TokenPacking.Stream(split), file);
    List<Integer> sizes = new ArrayList<>();
    for (String name : SplitWriter.SPLITS) {
      List<String> own =
          IntStream.range(0, texts.size())
              .filter(i -> split.of(i).equals(name))
              .mapToObj(texts::get)
              .toList();
      assertThat(Written.ids(out(), name)).isEqualTo(closed(own));
      sizes.add(own.size());
    }
    // Binomial, with standard deviations of 22 and 20 and 12; five of them.
    assertThat(sizes.get(0)).isBetween(2290, 2510);
    assertThat(sizes.get(1)).isBetween(350, 550);
  }

  /** As joined files have them: the marks stay, in documents of every kind, and are told. */
  @ParameterizedTest
  @ValueSource(strings = {"file", "lines", "stripped", "rows", "until=.", "jsonl", "parquet"})
  void byteOrderMarksInside_stayAndAreTold(String kind) throws IOException {
    List<String> texts = List.of("one", "\uFEFFtwo", "\uFEFFthree");
    Path file =
        switch (kind) {
          case "jsonl" -> Written.text(folder.resolve("a.jsonl"), "\uFEFF" + jsonLines(texts));
          case "parquet" -> parquet(folder.resolve("a.parquet"), texts);
          default ->
              Written.text(folder.resolve("a.txt"), "\uFEFF" + String.join("\n", texts) + "\n");
        };
    DocumentRule rule =
        file.toString().endsWith(".txt") ? DocumentRule.parse(kind) : new DocumentRule.WholeFile();
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(out(), rule, new TokenPacking.Stream(TRAIN), file);
    assertThat(Written.decoded(out(), "train")).startsWith("one").contains("\uFEFFtwo");
    String inside =
        "%s: 2 byte order marks inside the text stay as characters; if files were joined, remove them"
            .formatted(file);
    assertThat(data.notes()).contains(inside);
    assertThat(data.notes().contains(file + ": byte order marks left out at the start of files: 1"))
        .isEqualTo(!kind.equals("parquet"));
  }

  /** One text is one document, which no split by documents could divide. */
  @Test
  void oneDocument_isCutByPosition() throws IOException {
    String text = String.join("\n", texts(400));
    Path file = Written.text(folder.resolve("a.txt"), "\uFEFF" + text.replace("\n", "\r\n"));
    DocumentSplit split = new DocumentSplit.ByShare(new SplitFractions(0.8, 0.15), 7);
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.WholeFile(), new TokenPacking.Stream(split), file);
    assertThat(data.splits()).extracting("split").containsExactly("train", "valid", "test");
    assertThat(data.tokens()).isEqualTo(closed(List.of(text)).length);
    long train = Math.round(0.8 * data.tokens());
    assertThat(data.splits().get(0).count()).isEqualTo(train);
    int[] joined =
        SplitWriter.SPLITS.stream()
            .flatMapToInt(name -> Arrays.stream(Written.ids(out(), name)))
            .toArray();
    assertThat(joined).isEqualTo(closed(List.of(text)));
    assertThat(data.splits().get(1).provenance().settings()).endsWith("split by position");
    assertThat(data.notes())
        .hasSize(3)
        .last()
        .isEqualTo("one document, so the splits are parts of it, by position");
    assertThat(out()).isDirectoryNotContaining("glob:**.partial");
  }

  @Test
  void oneDocument_isWholeInTheSplitThatIsNamed() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "one two three");
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.WholeFile(), new TokenPacking.Stream(TRAIN), file);
    assertThat(Written.ids(out(), "train")).isEqualTo(closed(List.of("one two three")));
    assertThat(data.notes()).isEmpty();
  }

  @Test
  void splitWithoutDocuments_isNoted() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "one\ntwo\n");
    DocumentSplit split = new DocumentSplit.ByShare(new SplitFractions(0.9, 0.05), 1);
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.EachLine(), new TokenPacking.Stream(split), file);
    assertThat(data.splits()).extracting("split").containsExactly("train");
    assertThat(data.notes())
        .containsExactly(
            "no document for valid and test, of 2 in all; divide the text by --documents, or"
                + " take another --seed");
  }

  /** Characters have no token that closes a document; DNA is joined on purpose. */
  @Test
  void linesThatRunTogether_areNoted() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "ACGT\nGT\n");
    Path symbols = Written.text(folder.resolve("dna"), "A\nC\nG\nT\n");
    String note =
        "lines are joined without their ends, as no character closes a document;"
            + " --documents rows keeps the ends";
    assertThat(notes(file, new DocumentRule.EachLine(), "chars")).containsExactly(note);
    assertThat(notes(file, new DocumentRule.StrippedLines(), "bytes")).containsExactly(note);
    assertThat(notes(file, new DocumentRule.WikiTextRows(), "chars")).isEmpty();
    assertThat(notes(file, new DocumentRule.WholeFile(), "chars")).isEmpty();
    assertThat(notes(file, new DocumentRule.EachLine(), symbols.toString())).isEmpty();
    assertThat(notes(file, new DocumentRule.EachLine(), "gpt2")).isEmpty();
  }

  private List<String> notes(Path file, DocumentRule rule, String vocabulary) throws IOException {
    DocumentTokens.Options options =
        new DocumentTokens.Options(
            new DocumentOptions(rule, "text", Detokenizer.NONE),
            VocabularyChoice.parse(vocabulary),
            new TokenPacking.Stream(TRAIN),
            Existing.REPLACE);
    return DocumentTokens.prepare(List.of(file), out(), options).notes();
  }

  @Test
  void blanksThatAreNoSymbols_areCounted() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "ACGT AC\nGT\n");
    Path symbols = Written.text(folder.resolve("dna"), "A\nC\nG\nT\n");
    DocumentOptions documents =
        new DocumentOptions(new DocumentRule.WholeFile(), "text", Detokenizer.NONE);
    DocumentTokens.Prepared data =
        DocumentTokens.prepare(
            List.of(file),
            out(),
            new DocumentTokens.Options(
                documents,
                VocabularyChoice.parse(symbols.toString()),
                new TokenPacking.Stream(TRAIN),
                Existing.REPLACE));
    assertThat(data.tokens()).isEqualTo(8);
    assertThat(data.notes())
        .containsExactly(
            "blanks and line ends left out, as they are no symbols of the vocabulary: 3");
  }

  /** The beginning of the text tells which of many documents is meant. */
  @ParameterizedTest
  @CsvSource({
    "ACgT, 'a.txt: no symbol of the vocabulary: ''g'' (U+0067) at offset 2 of \"ACgT\"; take'",
    "ACGTACGTACGTACGTACGTACGTACGTACGTACR, 'at offset 34 of \"ACGTACGTACGTACGTACGTACGTACGTAC...\"; take'"
  })
  void prepare_tellsWhichTextHasNoSymbol(String text, String said) throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "ACGT\nGGGG\n" + text + "\nTT\n");
    Path symbols = Written.text(folder.resolve("dna"), "A\nC\nG\nT\n");
    DocumentTokens.Options options =
        new DocumentTokens.Options(
            new DocumentOptions(new DocumentRule.EachLine(), "text", Detokenizer.NONE),
            VocabularyChoice.parse(symbols.toString()),
            new TokenPacking.Stream(TRAIN),
            Existing.REPLACE);
    assertThatThrownBy(() -> DocumentTokens.prepare(List.of(file), out(), options))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(said);
  }

  @Test
  void characters_areThoseThatOccur() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "caa\nb\n");
    DocumentOptions documents =
        new DocumentOptions(new DocumentRule.EachLine(), "text", Detokenizer.NONE);
    DocumentTokens.Prepared data =
        DocumentTokens.prepare(
            List.of(file),
            out(),
            new DocumentTokens.Options(
                documents,
                VocabularyChoice.parse("chars"),
                new TokenPacking.Stream(TRAIN),
                Existing.REFUSE));
    assertThat(data.splits().get(0).tokenizer()).isEqualTo(new Tokenizer.Characters("abc"));
    assertThat(Written.ids(out(), "train")).containsExactly(2, 0, 0, 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.jsonl | {\"text\": \"x\"}\\n{\"body\": \"y\"} | line 2 has no text under \"text\", but [body]",
        "a.jsonl | {\"text\": [\"x\"]} | line 1 has no text under \"text\" (it is a list), nor under another field",
        "a.jsonl | {\"text\": \"x\"}\\n[1] | line 2 is not a JSON object",
        "a.jsonl | {\"text\": {}} | line 1 has no text",
        "a.parquet | PAR1 | no Parquet file",
        "a.txt.zst | xyz | is not a .zst file, though its name says so",
      })
  void badInput_isNamedAndLeavesNothing(String name, String content, String expected)
      throws IOException {
    Path good = Written.text(folder.resolve("good.txt"), "some text\n");
    Path bad = Files.writeString(folder.resolve(name), content.replace("\\n", "\n"));
    assertThatThrownBy(
            () ->
                DocumentFiles.prepare(
                    out(), new DocumentRule.WholeFile(), new TokenPacking.Stream(TRAIN), good, bad))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(expected);
    assertThat(out()).doesNotExist();
  }

  @Test
  void damagedZstd_isNamed() throws IOException {
    byte[] whole = Written.packed("a.zst", jsonLines(texts(300)).getBytes(StandardCharsets.UTF_8));
    Path file = Files.write(folder.resolve("a.jsonl.zst"), Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(
            () ->
                DocumentFiles.prepare(
                    out(), new DocumentRule.WholeFile(), new TokenPacking.Stream(TRAIN), file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("a.jsonl.zst: is damaged or cut short");
  }

  @Test
  void options_rejectWhatCannotBeMeant() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DocumentRule.parse("paragraphs"))
        .withMessageContaining("file, lines, stripped, rows or until=LINE: paragraphs");
    assertThatIllegalArgumentException().isThrownBy(() -> DocumentRule.parse("until="));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new DocumentOptions(new DocumentRule.WholeFile(), "text", Detokenizer.PTB))
        .withMessageContaining("documents must be lines");
    assertThatIllegalArgumentException().isThrownBy(() -> new DocumentSplit.One("eval"));
    assertThatIllegalArgumentException().isThrownBy(() -> new TokenPacking.FineWeb(1, 2, TRAIN));
    assertThatIllegalArgumentException().isThrownBy(() -> new TokenPacking.OpenWebText(0, 2, 1));
  }
}
