// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vocabularies of images and of their labels. */
@Tag("exact")
final class ImageTokenizersTest {
  private static final PixelValues PIXELS = new PixelValues(new ImageShape(4, 6, 3));
  private static final ClassNames CLASSES = new ClassNames(List.of("cat", "ant", "7"));

  static Stream<Tokenizer> tokenizers() {
    return Stream.of(PIXELS, CLASSES);
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void read_returnsWhatWasWritten(Tokenizer tokenizer, @TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    tokenizer.write(file);
    assertThat(Tokenizer.read(file)).isEqualTo(tokenizer).hasSameHashCodeAs(tokenizer);
  }

  @Test
  void decode_undoesEncode() {
    assertThat(PIXELS.encode(" 0 255\n17 ")).containsExactly(0, 255, 17);
    assertThat(PIXELS.decode(new int[] {0, 255, 256})).isEqualTo("0 255 \u2588");
    assertThat(CLASSES.encode("7 cat")).containsExactly(2, 0);
    assertThat(CLASSES.decode(new int[] {2, 3, 0})).isEqualTo("7 \u2588 cat");
    assertThat(PIXELS.encode("  ")).isEmpty();
  }

  @Test
  void encode_rejectsWhatIsNoToken() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PIXELS.encode("3 256"))
        .withMessage("a value must be in [0, 256): 256");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CLASSES.encode("dog"))
        .withMessage("no class has this name: dog");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PIXELS.decode(new int[] {257}))
        .withMessageContaining("257 at position 0");
  }

  @Test
  void image_isThatOfPixelsAlone() {
    assertThat(PIXELS.image()).contains(new ImageShape(4, 6, 3));
    assertThat(CLASSES.image()).isEmpty();
    assertThat(new Tokenizer.Bytes().image()).isEmpty();
  }

  @Test
  void names_mustBeDistinctWords() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClassNames(List.of("a", "b", "a")))
        .withMessage("names must be at least one, and none twice: [a, b, a]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClassNames(List.of("a", " ")))
        .withMessage("a class must have a name with a visible character: [a,  ]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClassNames(List.of("a b", "a_b")))
        .withMessage("names must differ in more than blanks and underscores: [a b, a_b]");
  }

  @Test
  void classes_mayHaveBlanksInTheirNames() {
    ClassNames classes = new ClassNames(List.of("golden retriever", "cat", "red\tfox"));
    assertThat(classes.label("golden retriever")).isZero();
    assertThat(classes.find("golden retriever")).hasValue(0);
    assertThat(classes.find("golden_retriever")).hasValue(0);
    assertThat(classes.find("golden")).isEmpty();
    assertThat(classes.decode(new int[] {2, 0, 1})).isEqualTo("red_fox golden_retriever cat");
    assertThat(classes.encode("red_fox golden_retriever cat")).containsExactly(2, 0, 1);
    assertThat(Tokenizer.fromJson(classes.toJson())).isEqualTo(classes);
  }

  @Test
  void fromJson_namesWhatIsWrong() {
    JsonObject json = CLASSES.toJson();
    json.addProperty("names", "cat");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokenizer.fromJson(json))
        .withMessageContaining("names must be an array");
    JsonObject pixels = PIXELS.toJson();
    pixels.addProperty("image", "4x6");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Tokenizer.fromJson(pixels))
        .withMessageContaining("image must be HEIGHTxWIDTHxCOLOURS");
  }
}
