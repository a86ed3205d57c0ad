// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.Tokenizer.Bytes;
import io.github.md4.core.token.Tokenizer.Characters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("exact")
final class TokenizerTest {
  private static final String CLEF = "\uD834\uDD1E"; // U+1D11E, two chars

  static Stream<Tokenizer> tokenizers() {
    return Stream.of(
        new Characters("ab \n\"" + CLEF + "\u00E9"),
        new Bytes(),
        new Gpt2Tokenizer(),
        ByteLevel.tokenizer(),
        new SymbolTokenizer(List.of("b", "a", " ", "\n", "\"", CLEF, "\u00E9")));
  }

  /** Tokenizers are an open set: an unknown type's message lists those of this library. */
  @Test
  void tokenizers_areAllVariants() {
    String listed =
        Stream.of(tokenizers(), ImageTokenizersTest.tokenizers(), WordTokenizerTest.tokenizers())
            .flatMap(all -> all)
            .map(tokenizer -> tokenizer.toJson().get("type").getAsString())
            .sorted()
            .collect(Collectors.joining(","));
    assertThat(listed).isEqualTo("bytes,characters,classes,gpt2,huggingface,pixels,symbols,words");
    JsonObject absent = new Bytes().toJson();
    absent.addProperty("type", "absent");
    assertThatThrownBy(() -> Tokenizer.fromJson(absent))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "type must be characters, bytes, gpt2, huggingface, symbols, words, pixels")
        .hasMessageContaining("classes")
        .hasMessageEndingWith(": \"absent\"");
  }

  @Test
  void summary_isOneLineAndShort() {
    assertThat(new Characters("b\na\t" + CLEF).summary())
        .isEqualTo("5 characters \"b<U+000A>a<U+0009>" + CLEF + '"');
    assertThat(new Characters(" \u00A0\u2028\u200B\uFEFF\u00E9").summary())
        .isEqualTo("6 characters \" <U+00A0><U+2028><U+200B><U+FEFF>\u00E9\"");
    assertThat(new Bytes().summary()).isEqualTo("256 bytes");
    int[] many = IntStream.range(0x4E00, 0x4E00 + 101).toArray();
    assertThat(new Characters(new String(many, 0, many.length)).summary())
        .isEqualTo("101 characters \"" + new String(many, 0, 100) + "...\"");
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void decode_undoesEncode(Tokenizer tokenizer) {
    String text = "b" + CLEF + "a \"" + CLEF + "\u00E9\n";
    assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void decode_showsTheMaskAsABlock(Tokenizer tokenizer) {
    int mask = tokenizer.vocabularySize();
    int b = tokenizer.encode("b")[0];
    assertThat(tokenizer.decode(new int[] {mask, b, mask})).isEqualTo("\u2588b\u2588");
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void decode_rejectsWhatIsNoToken(Tokenizer tokenizer) {
    int beyond = tokenizer.vocabularySize() + 1;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.decode(new int[] {0, beyond}))
        .withMessageContaining(beyond + " at position 1");
    assertThatIllegalArgumentException().isThrownBy(() -> tokenizer.decode(new int[] {-1}));
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void encode_rejectsHalfACharacter(Tokenizer tokenizer) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode("ab\uD834a"))
        .withMessageContaining("U+D834 at offset 2");
  }

  /** Cut at its seam again and again, a text has the ids of the whole. */
  @ParameterizedTest
  @MethodSource("tokenizers")
  void seam_changesNoId(Tokenizer tokenizer) {
    Random random = new Random(5);
    for (int repeat = 0; repeat < 300; repeat++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 12; i++) {
        text.append(List.of("a", "b", " ", "\n", "\"", CLEF, "\u00E9").get(random.nextInt(7)));
      }
      int[] whole = tokenizer.encode(text);
      int seam = tokenizer.seam(text.substring(0, 8));
      int[] before = tokenizer.encode(text.substring(0, seam));
      int[] after = tokenizer.encode(text.substring(seam));
      assertThat(IntStream.concat(IntStream.of(before), IntStream.of(after)).toArray())
          .as(text + " cut at " + seam)
          .isEqualTo(whole);
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void read_returnsWhatWasWritten(Tokenizer tokenizer, @TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    tokenizer.write(file);
    assertThat(Tokenizer.read(file)).isEqualTo(tokenizer).hasSameHashCodeAs(tokenizer);
  }

  @Test
  void text8_hasTheIdsOfTheReference() {
    assertThat(Characters.TEXT8.vocabularySize()).isEqualTo(27);
    int[] expected = IntStream.rangeClosed(0, 26).toArray();
    assertThat(Characters.TEXT8.encode("abcdefghijklmnopqrstuvwxyz ")).isEqualTo(expected);
  }

  @Test
  void bytes_areThoseOfUtf8() {
    assertThat(new Bytes().encode("\u00E9")).containsExactly(0xC3, 0xA9);
    assertThat(new Bytes().decode(new int[] {'a', 0xC3, 'b'})).isEqualTo("a\uFFFDb");
  }

  @Test
  void gpt2_hasItsPublishedIds() {
    Gpt2Tokenizer gpt2 = new Gpt2Tokenizer();
    assertThat(gpt2.encode("Hello world")).containsExactly(15496, 995);
    assertThat(gpt2.encode("!")).containsExactly(0);
    assertThat(gpt2.decode(new int[] {50_256})).isEqualTo("<|endoftext|>");
    assertThat(gpt2.endOfText()).hasValue(50_256);
    // What a text says is not what ends it.
    assertThat(gpt2.encode("<|endoftext|>")).hasSizeGreaterThan(1).doesNotContain(50_256);
  }

  @Test
  void symbols_takeTheLongest() {
    SymbolTokenizer codons = new SymbolTokenizer(List.of("A", "ATG", "AT", "G", "<|endoftext|>"));
    assertThat(codons.encode("ATGATAG\nATA")).containsExactly(1, 2, 0, 3, 2, 0);
    assertThat(codons.decode(new int[] {1, 0, 5})).isEqualTo("ATG A \u2588");
    assertThat(codons.endOfText()).hasValue(4);
    assertThat(new SymbolTokenizer(List.of("A", "C")).decode(new int[] {0, 1, 1})).isEqualTo("ACC");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> codons.encode("ATX"))
        .withMessage("no symbol of the vocabulary: 'X' (U+0058) at offset 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SymbolTokenizer(List.of("A")))
        .withMessage("a vocabulary must have at least two symbols: 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SymbolTokenizer(List.of("A", "A")))
        .withMessageContaining("twice");
  }

  @Test
  void symbolsOfAFile_areItsLines(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("dna.txt"), "A\nC\nG\nT\n");
    assertThat(SymbolTokenizer.load(file).vocabularySize()).isEqualTo(4);
    for (String bad : new String[] {"A\n", "A\n\nC\n", "A\nA\n"}) {
      Path written = Files.writeString(file, bad);
      assertThatThrownBy(() -> SymbolTokenizer.load(written))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("dna.txt: no vocabulary");
    }
  }

  @Test
  void huggingFace_isReadFromItsJson(@TempDir Path folder) throws IOException {
    HuggingFaceJson tokenizer = ByteLevel.tokenizer();
    assertThat(tokenizer.vocabularySize()).isEqualTo(258);
    assertThat(tokenizer.endOfText()).hasValue(257);
    assertThat(tokenizer.encode("th")).containsExactly(256);
    Path file = folder.resolve("tokenizer.json");
    for (String bad : new String[] {"", "[]", "{}", "{\"model\":{\"vocab\":{}}}"}) {
      Path written = Files.writeString(file, bad);
      assertThatThrownBy(() -> HuggingFaceJson.load(written))
          .as(bad)
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("tokenizer.json: ");
    }
  }

  @Test
  void encode_namesTheUnknownCharacterAndItsOffset() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Characters.TEXT8.encode("the Fox"))
        .withMessage("not in the vocabulary: 'F' (U+0046) at offset 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Characters.TEXT8.encode("fox\n"))
        .withMessage("not in the vocabulary: U+000A at offset 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Characters.TEXT8.encode(CLEF))
        .withMessageContaining("U+1D11E");
  }

  @Test
  void characters_rejectAnImpossibleVocabulary() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Characters(""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Characters("aba"))
        .withMessageContaining("twice");
    assertThatIllegalArgumentException().isThrownBy(() -> new Characters("a\uDD1E"));
  }

  @Test
  void fromJson_rejectsWhatItDoesNotKnow() {
    JsonObject json = Characters.TEXT8.toJson();
    json.addProperty("formatVersion", 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokenizer.fromJson(json))
        .withMessageContaining("format version must be 1: 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokenizer.fromJson(parse("{'formatVersion':1,'type':'runes'}")))
        .withMessageContaining("runes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokenizer.fromJson(parse("{'formatVersion':1,'type':'characters'}")))
        .withMessageContaining("vocabulary must be a value: missing");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokenizer.fromJson(parse("{'formatVersion':1.5}")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokenizer.fromJson(parse("{'formatVersion':1,'type':3}")));
  }

  private static JsonObject parse(String json) {
    return JsonParser.parseString(json).getAsJsonObject();
  }

  @Test
  void read_namesTheFileAtFault(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    assertThatThrownBy(() -> Tokenizer.read(file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("tokenizer.json: no such file");
    for (String content : new String[] {"", "[1]", "{", "{}"}) {
      Path written = Files.writeString(file, content);
      assertThatThrownBy(() -> Tokenizer.read(written))
          .as(content)
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("tokenizer.json: not a tokenizer");
    }
  }
}
