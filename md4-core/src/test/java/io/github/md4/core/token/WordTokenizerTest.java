// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class WordTokenizerTest {
  private static final WordTokenizer WORDS =
      new WordTokenizer(List.of("a", "fox", "foxes", "\u00E9t\u00E9"));

  static Stream<Tokenizer> tokenizers() {
    return Stream.of(WORDS);
  }

  @Test
  void encode_takesWholeWords() {
    assertThat(WORDS.encode("foxes  a\tfox\n\u00E9t\u00E9 ")).containsExactly(2, 0, 1, 3);
    assertThat(WORDS.encode(" \n")).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WORDS.encode("a foxe"))
        .withMessage("no word of the vocabulary: 'foxe'; did you mean fox?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WORDS.encode("a zebra"))
        .withMessage(
            "no word of the vocabulary: 'zebra'; there are 4 words: a fox foxes \u00E9t\u00E9");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WORDS.encode("a \uD834"))
        .withMessageContaining("U+D834 at offset 2");
  }

  @Test
  void decode_putsBlanksBetweenWords() {
    assertThat(WORDS.decode(new int[] {1, 4, 0})).isEqualTo("fox \u2588 a");
    assertThat(WORDS.decode(WORDS.encode("a fox"))).isEqualTo("a fox");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WORDS.decode(new int[] {0, 5}))
        .withMessageContaining("5 at position 1");
  }

  @Test
  void seam_isAtABlank() {
    assertThat(WORDS.seam("a fox fo")).isEqualTo(5);
    assertThat(WORDS.seam("foxes")).isZero();
  }

  @Test
  void reports_callItsTokensWords() {
    assertThat(WORDS.unit()).isEqualTo("word");
    assertThat(WORDS.summary()).isEqualTo("4 words: a fox foxes \u00E9t\u00E9");
    assertThat(WORDS.words()).hasSize(4);
  }

  @Test
  void read_returnsWhatWasWritten(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    WORDS.write(file);
    assertThat(Tokenizer.read(file)).isEqualTo(WORDS).hasSameHashCodeAs(WORDS);
  }

  @Test
  void words_areDistinctAndWithoutBlanks() {
    for (List<String> bad :
        List.of(List.<String>of(), List.of("a", "a"), List.of("a b"), List.of(""))) {
      assertThatIllegalArgumentException().isThrownBy(() -> new WordTokenizer(bad));
    }
  }
}
