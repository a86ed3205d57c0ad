// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.zeroshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.SymbolTokenizer;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.Written;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class ScoredRowsTest {
  private static final Tokenizer TOKENIZER =
      new SymbolTokenizer(List.of("a", "b", "c", "d", "<|endoftext|>"));
  private static final int END = 4;
  private static final DocumentOptions LINES =
      new DocumentOptions(new DocumentRule.EachLine(), "text", Detokenizer.NONE);

  @TempDir private Path folder;

  private ScoredRows read(String text, Protocol protocol, int length) throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), text);
    return ScoredRows.read(List.of(file), LINES, TOKENIZER, protocol, length);
  }

  private static List<List<Integer>> sequences(ScoredRows rows) {
    List<List<Integer>> all = new ArrayList<>();
    for (int i = 0; i < rows.count(); i++) {
      int[] sequence = new int[rows.length()];
      rows.read(i, sequence);
      all.add(IntStream.of(sequence).boxed().toList());
    }
    return all;
  }

  private static List<Integer> documents(ScoredRows rows, int index) {
    int[] documents = new int[rows.length()];
    rows.readDocuments(index, documents);
    return IntStream.of(documents).boxed().toList();
  }

  @Test
  void md4_joinsAndDropsOneRemainder() throws IOException {
    ScoredRows rows = read("abc\n\nd\nab\n", Protocol.MD4, 4);
    assertThat(sequences(rows)).containsExactly(List.of(0, 1, 2, END), List.of(END, 3, END, 0));
    assertThat(documents(rows, 1)).containsExactly(1, 2, 2, 3);
    assertThat(rows.documentCount()).isEqualTo(4);
    assertThat(rows.rowTokens()).isEqualTo(10);
    assertThat(rows.scoredTokens()).isEqualTo(8);
  }

  @Test
  void sedd_losesARemainderInEachShardAndBatch() throws IOException {
    // 9 rows of 4 tokens; 8 shards: the first has two rows, the others one.
    Protocol small = new Protocol("x", Protocol.Layout.WRAP, 1, 8, "test", "train");
    ScoredRows rows = read("abc\n".repeat(9), small, 3);
    assertThat(sequences(rows)).hasSize(9).containsOnly(List.of(0, 1, 2));
    Protocol batches = new Protocol("x", Protocol.Layout.WRAP, 1000, 8, "test", "train");
    rows = read("abc\n".repeat(9), batches, 3);
    assertThat(sequences(rows)).hasSize(9).contains(List.of(END, 0, 1), List.of(0, 1, 2));
    assertThat(Protocol.SEDD.batch()).isEqualTo(1000);
    assertThat(Protocol.SEDD.shards()).isEqualTo(8);
  }

  /** Each token is scored once: those of the window before are given. */
  @Test
  void windowsThatOverlap_scoreEachTokenOnce() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "abc\n\nd\nab\n");
    ScoredRows rows = ScoredRows.read(List.of(file), LINES, TOKENIZER, Protocol.MD4, 4, 3);
    assertThat(sequences(rows))
        .containsExactly(List.of(0, 1, 2, END), List.of(END, END, 3, END), List.of(END, 0, 1, END));
    assertThat(IntStream.range(0, 3).map(rows::given)).containsExactly(0, 1, 1);
    assertThat(documents(rows, 1)).containsExactly(0, 1, 2, 2);
    assertThat(documents(rows, 2)).containsExactly(2, 3, 3, 3);
    assertThat(rows.scoredTokens()).isEqualTo(rows.rowTokens()).isEqualTo(10);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScoredRows.read(List.of(file), LINES, TOKENIZER, Protocol.MD4, 4, 5))
        .withMessage("stride must be in [1, 4], the tokens of a sequence: 5");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ScoredRows.read(List.of(file), LINES, TOKENIZER, Protocol.DOCUMENTS, 4, 2))
        .withMessageContaining("stride must be left out");
  }

  @Test
  void mdlm_putsSequencesBetweenEnds() throws IOException {
    ScoredRows rows = read("abc\nd\nab\n", Protocol.MDLM, 5);
    assertThat(sequences(rows))
        .containsExactly(
            List.of(END, 0, 1, 2, END),
            List.of(END, END, 3, END, END),
            List.of(END, 0, 1, END, END));
    assertThat(documents(rows, 1)).containsExactly(0, 0, 1, 1, 1);
  }

  @Test
  void documents_areAlonePaddedOrCut() throws IOException {
    ScoredRows rows = read("ab\nabcdabcd\n", Protocol.DOCUMENTS, 5);
    assertThat(sequences(rows)).containsExactly(List.of(0, 1, END, 0, 0), List.of(0, 1, 2, 3, 0));
    assertThat(rows.scored(0)).isEqualTo(3);
    assertThat(rows.scored(1)).isEqualTo(5);
    assertThat(rows.scoredTokens()).isEqualTo(8);
  }

  @Test
  void protocols_areFoundByNameAndSayAll() {
    for (Protocol protocol : Protocol.ALL) {
      assertThat(Protocol.parse(protocol.name())).isSameAs(protocol);
      assertThat(protocol.description()).startsWith(protocol.name() + ": rows closed by the end");
    }
    assertThat(Protocol.SEDD.description())
        .isEqualTo(
            "sedd: rows closed by the end of text, joined and cut; a remainder dropped of every"
                + " 1,000 rows in each of 8 shards; split test, WikiText2 train");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Protocol.parse("radd"))
        .withMessage("protocol must be md4, sedd, mdlm or documents: radd");
  }

  @Test
  void tooShortOrWithoutEnd_isRefused() {
    assertThatThrownBy(() -> read("ab\n", Protocol.MD4, 4))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("a.txt: is too short: no sequence of 4 tokens");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScoredRows.read(List.of(), LINES, new Tokenizer.Bytes(), Protocol.MD4, 4))
        .withMessageContaining("closes rows by the end of text");
  }

  @Test
  void files_areFoundByTheirNames() throws IOException {
    for (String file :
        List.of(
            "lambada/lambada_test.jsonl.xz",
            "lambada/lambada_test_plain_text.txt.xz",
            "wikitext2/wiki.train.raw",
            "wikitext2/wiki.test.raw",
            "ptb/ptb.test.txt",
            "ptb/ptb.valid.txt",
            "lm1b/news.en.heldout-00002-of-00050",
            "lm1b/news.en.heldout-00001-of-00050")) {
      Files.createDirectories(folder.resolve(file).getParent());
      Files.createFile(folder.resolve(file));
    }
    assertThat(ZeroShotSet.LAMBADA.files(folder, Protocol.MDLM))
        .containsExactly(folder.resolve("lambada/lambada_test.jsonl.xz"));
    assertThat(ZeroShotSet.WIKITEXT2.files(folder, Protocol.MD4))
        .containsExactly(folder.resolve("wikitext2/wiki.train.raw"));
    assertThat(ZeroShotSet.WIKITEXT103.files(folder, Protocol.MD4))
        .containsExactly(folder.resolve("wikitext2/wiki.test.raw"));
    assertThat(ZeroShotSet.WIKITEXT103.files(folder, Protocol.MDLM)).isEmpty();
    assertThat(ZeroShotSet.PTB.files(folder, Protocol.MDLM))
        .containsExactly(folder.resolve("ptb/ptb.valid.txt"));
    assertThat(ZeroShotSet.ONE_BILLION_WORDS.files(folder, Protocol.SEDD))
        .containsExactly(
            folder.resolve("lm1b/news.en.heldout-00001-of-00050"),
            folder.resolve("lm1b/news.en.heldout-00002-of-00050"));
    assertThat(ZeroShotSet.WIKITEXT2.wanted(Protocol.MD4)).isEqualTo("wikitext2/*train*");
  }

  /** Rows of the published sets, as their cards count them. */
  @ParameterizedTest
  @CsvSource({"LAMBADA,5153", "PTB,3761", "WIKITEXT103,4358", "ONE_BILLION_WORDS,12105"})
  void sharedSets_haveTheirRows(ZeroShotSet set, int expected) throws IOException {
    Path shared = Path.of(System.getProperty("md4.shared", "absent"), "data");
    assumeThat(shared.resolve("lambada")).as("the shared data sets").isDirectory();
    ScoredRows rows =
        ScoredRows.read(
            set.files(shared, Protocol.MD4),
            set.documents(),
            new Gpt2Tokenizer(),
            Protocol.MD4,
            1024);
    assertThat(rows.documentCount()).isEqualTo(expected);
    assertThat(rows.rowTokens() - rows.scoredTokens()).isBetween(0L, 1023L);
  }
}
