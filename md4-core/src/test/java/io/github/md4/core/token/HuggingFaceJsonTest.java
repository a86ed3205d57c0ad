// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class HuggingFaceJsonTest {
  @TempDir private Path folder;

  private static Path shared(String name) {
    Path folder = Path.of(System.getProperty("md4.shared", "../../shared"), "inputs");
    assumeTrue(Files.exists(folder), "the shared inputs are not beside the checkout");
    return folder.resolve(name);
  }

  /** A vocabulary of words: the least that the library takes. */
  private static String words(String vocab, String added) {
    return """
        {"version":"1.0","added_tokens":[%s],"normalizer":null,
         "pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":null,
         "model":{"type":"WordLevel","vocab":{%s},"unk_token":"<unk>"}}
        """
        .formatted(added.replace('\'', '"'), vocab.replace('\'', '"'));
  }

  private static String added(int id, String text) {
    return "{'id':%d,'content':'%s','single_word':false,'lstrip':false,'rstrip':false,'normalized':false,'special':true}"
        .formatted(id, text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytelevel-tiny.json", "llama-tiny.json", "llama-tiny-merge-pairs.json"})
  void textOfAControlToken_isText(String name) throws IOException {
    HuggingFaceJson tokenizer = HuggingFaceJson.load(shared(name));
    String end = tokenizer.decode(new int[] {tokenizer.endOfText().orElseThrow()});
    for (String text : new String[] {"a " + end + " b", end, "<s>", "<unk>x", end + end}) {
      int[] ids = tokenizer.encode(text);
      assertThat(ids).doesNotContain(tokenizer.endOfText().getAsInt());
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
    }
  }

  @Test
  void merges_mayBePairs() throws IOException {
    HuggingFaceJson texts = HuggingFaceJson.load(shared("llama-tiny.json"));
    HuggingFaceJson pairs = HuggingFaceJson.load(shared("llama-tiny-merge-pairs.json"));
    for (String text : new String[] {"hello world", " hello  world.", "\u00FCber", ""}) {
      assertThat(pairs.encode(text)).isEqualTo(texts.encode(text));
      assertThat(pairs.decode(pairs.encode(text))).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytelevel-tiny.json", "llama-tiny.json", "llama-tiny-merge-pairs.json"})
  void text_isDecodeInPieces(String name) throws IOException {
    HuggingFaceJson tokenizer = HuggingFaceJson.load(shared(name));
    int mask = tokenizer.vocabularySize();
    int[] first = tokenizer.encode("hello");
    int[] second = tokenizer.encodeContinuing(" world.");
    int[] third = tokenizer.encodeContinuing("hello");
    int[] ids = joined(mask, first, second, third);
    assertThat(tokenizer.decode(ids)).isEqualTo("hello\u2588 world.\u2588hello");
    StringBuilder pieces = new StringBuilder();
    for (int n = 0; n < ids.length; n++) {
      pieces.append(tokenizer.text(ids[n], n));
    }
    assertThat(pieces.toString()).isEqualTo("hello\u2588 world.\u2588hello");
  }

  private static int[] joined(int mask, int[]... parts) {
    return Arrays.stream(parts)
        .reduce((left, right) -> concat(concat(left, new int[] {mask}), right))
        .orElseThrow();
  }

  private static int[] concat(int[] left, int[] right) {
    return IntStream.concat(Arrays.stream(left), Arrays.stream(right)).toArray();
  }

  /** The library numbers added tokens by their order; the file's ids are meant. */
  @Test
  void ids_mayHaveGapsAndAnyOrder() {
    String json =
        words(
            "'<unk>':0,'a':1,'b':3",
            added(9, "<s>") + "," + added(7, "</s>").replace("true", "false"));
    HuggingFaceJson tokenizer = HuggingFaceJson.of(json);
    assertThat(tokenizer.vocabularySize()).isEqualTo(10);
    assertThat(tokenizer.endOfText()).hasValue(7);
    assertThat(tokenizer.encode("a b \uDBFF\uDFFF7 </s>")).containsExactly(1, 3, 0, 0);
    assertThat(tokenizer.decode(new int[] {1, 2, 3})).isEqualTo("a b");
    assertThat(tokenizer.decode(new int[] {7, 8, 9})).isEqualTo("</s> <s>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'<unk>':0,'a':1,'b':1|5|</s>|the id 1 is of two tokens",
        "'<unk>':0,'a':1|1|</s>|the id 1 is of two tokens",
        "'<unk>':0,'a':1|2|a|the token \"a\" has two ids, 1 and 2",
        "'<unk>':0,'a':1.9|2|</s>|a must be a whole number: 1.9",
        "'<unk>':0,'a':4294967297|2|</s>|a must be below 2^31",
        "'<unk>':0,'a':-1|2|</s>|a must be at least 0: -1",
        "'<unk>':0,'a':1|2000000000|</s>|3 tokens have ids up to 2000000000",
      })
  void ids_thatContradictAreRefused(String vocab, int id, String text, String message)
      throws IOException {
    String json = words(vocab, added(id, text));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HuggingFaceJson.of(json))
        .withMessageContaining(message);
    Path file = Files.writeString(folder.resolve("t.json"), json);
    assertThatThrownBy(() -> HuggingFaceJson.load(file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  @Test
  void byteOrderMark_isNoPartOfASymbol() throws IOException {
    Path file = Files.writeString(folder.resolve("v.txt"), "\uFEFFA\r\nC\r\n<|endoftext|>\r\n");
    SymbolTokenizer tokenizer = SymbolTokenizer.load(file);
    assertThat(tokenizer.encode("CA")).containsExactly(1, 0);
    assertThat(tokenizer.endOfText()).hasValue(2);
  }
}
