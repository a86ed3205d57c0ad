// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.core.token.HuggingFaceJson;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.core.token.WordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class TemplateTest {
  private static final int LENGTH = 9;

  private static String shown(String template) {
    int[] zt = Template.parse(template, TinyModelFolder.TOKENIZER, LENGTH);
    return TinyModelFolder.TOKENIZER.decode(zt).replace('\u2588', '_');
  }

  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "abc,abc",
        "[MASK],_",
        "a[MASK]b,a_b",
        "a [MASK*3] b,a ___ b",
        "[MASK*2]c[MASK*2],__c__",
        "[MASK*],_________",
        "ab[MASK*],ab_______",
        "[MASK*]ab,_______ab",
        "a[MASK*]b[MASK]c,a_____b_c",
        "abc abc[MASK*]ab,abc abcab",
        "[a],[a]",
        "\\[a[MASK],[a_",
        "[[MASK]],[_]",
      })
  void parse_putsMasksIntoHoles(String template, String expected) {
    assertThat(shown(template)).isEqualTo(expected);
  }

  @Test
  void escapedBracket_beginsNoHole() {
    Tokenizer letters = new Tokenizer.Characters("[MASK]");
    int[] zt = Template.parse("\\[MASK][MASK]", letters, LENGTH);
    assertThat(letters.decode(zt)).isEqualTo("[MASK]" + Tokenizer.MASK_TEXT);
  }

  /** What may be done stands at the end. */
  @ParameterizedTest
  @CsvSource({
    "foxx, 'no word of the vocabulary: ''foxx'' of \"a foxx \"; did you mean fox?'",
    "zebra, 'no word of the vocabulary: ''zebra'' of \"a zebra \"; there are 2 words: a fox'"
  })
  void parse_namesThePlaceBeforeTheHint(String word, String message) {
    Tokenizer words = new WordTokenizer(List.of("a", "fox"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.parse("a " + word + " [MASK]", words, LENGTH))
        .withMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "abcd|not in the vocabulary: 'd' (U+0064) at offset 3 of \"abcd\"",
        "abc abc abc|a template must have at most the model's 9 tokens: 11",
        "ab[MASK*8]|a template must have at most the model's 9 tokens: 10",
        "abcabcabca[MASK*]|a template must have at most the model's 9 tokens: 10",
        "[MASK*10]|a hole must not exceed the model's 9 tokens: [MASK*10]",
        "[MASK*0]|a hole must have at least one mask: [MASK*0]",
        "''|a template must have at least one token",
        "[MASK*]a[MASK*]|[MASK*] can be in a template once only",
        "a[MASK*x]|a hole must be [MASK], [MASK*12] or [MASK*]; write \\[ for a bracket: [MASK*x]",
        "a[mask]|a hole must be [MASK], [MASK*12] or [MASK*]; write \\[ for a bracket: [mask]",
        "a[Mask*3]|a hole must be [MASK], [MASK*12] or [MASK*]; write \\[ for a bracket: [Mask*3]",
        "a[MASK*1|a hole must be [MASK], [MASK*12] or [MASK*]; write \\[ for a bracket: [MASK*1",
      })
  void parse_rejectsWhatIsNoTemplateOfTheModel(String template, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.parse(template, TinyModelFolder.TOKENIZER, LENGTH))
        .withMessage(message);
  }

  @Test
  void modelOfOneToken_isToldInTheSingular() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.parse("ab", TinyModelFolder.TOKENIZER, 1))
        .withMessage("a template must have at most the model's 1 token: 2");
  }

  /** What was given is kept to the character, whether a blank follows a hole or not. */
  @ParameterizedTest
  @ValueSource(strings = {"llama-tiny.json", "llama-tiny-merge-pairs.json", "bytelevel-tiny.json"})
  void textAfterAHole_isKeptToTheCharacter(String name) throws IOException {
    Path folder = Path.of(System.getProperty("md4.shared", "../../shared"), "inputs");
    assumeTrue(Files.exists(folder), "the shared inputs are not beside the checkout");
    Tokenizer tokenizer = HuggingFaceJson.load(folder.resolve(name));
    String mask = Tokenizer.MASK_TEXT;
    for (String template :
        new String[] {
          "hello[MASK] world.", "hello[MASK]hello", "[MASK]hello", "[MASK*2] a[MASK]b "
        }) {
      int[] zt = Template.parse(template, tokenizer, 99);
      String expected = template.replace("[MASK*2]", mask + mask).replace("[MASK]", mask);
      assertThat(tokenizer.decode(zt)).isEqualTo(expected);
    }
  }
}
