// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenFileWriter;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.Written;
import io.github.md4.train.data.character.Text8;
import io.github.md4.train.data.window.EvaluationChunks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class QuickstartTest {
  private static final Quickstart.Sizes SIZES = new Quickstart.Sizes(30_011, 20_011, 1_009);

  @TempDir private Path folder;

  private PreparedData prepare() throws IOException {
    return Quickstart.prepare(folder, SIZES, Quickstart.SEED, Existing.REPLACE);
  }

  private EvaluationChunks chunks(String split, int length) throws IOException {
    return new EvaluationChunks(TokenFile.open(folder.resolve(split + ".bin")), length);
  }

  @Test
  void prepare_writesThreeIndependentDraws() throws IOException {
    PreparedData data = prepare();
    assertThat(data.splits())
        .extracting(TokenFileInfo::count)
        .containsExactly(30_011L, 20_011L, 1_009L);
    String valid = Written.decoded(folder, "valid");
    assertThat(Written.decoded(folder, "train")).doesNotStartWith(valid.substring(0, 100));
    assertThat(valid).contains(" the fox ").doesNotContain("  ");
    assertThat(prepare()).isEqualTo(data);
  }

  @Test
  void prepare_refusesToOverwrite() throws IOException {
    PreparedData unused = prepare();
    assertThatThrownBy(() -> Quickstart.prepare(folder, SIZES, 1, Existing.REFUSE))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("exists already");
  }

  @Test
  @Tag("golden")
  void prepare_writesTheSameTextInEveryRelease() throws IOException {
    // Not a published sum: what this code gave first. If the words change, raise the version too.
    assertThat(prepare().md5()).isEqualTo("9162ca150c9960fcf2d28c2cdbb02336");
  }

  @Test
  void floor_isTheMeanOfTheChunks() throws IOException {
    PreparedData unused = prepare();
    EvaluationChunks chunks = chunks("valid", 61);
    FiniteStateSource tale = Quickstart.source();
    double first = tale.bitsPerToken(chunks.chunk(0));
    double second = tale.bitsPerToken(chunks.chunk(1));
    EntropyFloor two = EntropyFloor.of(chunks, 2).orElseThrow();
    assertThat(two.chunks()).isEqualTo(2);
    assertThat(two.bitsPerToken()).isCloseTo((first + second) / 2, within(1e-15));
    // Of two numbers the standard error is half their difference.
    assertThat(two.standardError()).isCloseTo(Math.abs(first - second) / 2, within(1e-15));
    assertThat(EntropyFloor.of(chunks).orElseThrow().chunks()).isEqualTo(328);
    assertThat(EntropyFloor.of(chunks, 1).orElseThrow().standardError()).isNaN();
    assertThatIllegalArgumentException().isThrownBy(() -> EntropyFloor.of(chunks, 329));
    assertThatIllegalArgumentException().isThrownBy(() -> EntropyFloor.of(chunks, 0));
  }

  @Test
  @Tag("statistical")
  void floor_isHigherForShorterChunks() throws IOException {
    PreparedData unused = prepare();
    EntropyFloor shorter = EntropyFloor.of(chunks("valid", 16)).orElseThrow();
    EntropyFloor longer = EntropyFloor.of(chunks("valid", 256)).orElseThrow();
    // A chunk's beginning is guessed without its past: H(X_1..n)/n falls with n. The same text is
    // in both, so the difference is tenths of a bit beside a standard error of some hundredths.
    assertThat(shorter.bitsPerToken())
        .isGreaterThan(longer.bitsPerToken() + 5 * shorter.standardError());
  }

  @Test
  void source_emitsItsOwnText_andNoOther() {
    FiniteStateSource tale = Quickstart.source();
    assertThat(tale.tokenizer().vocabularySize()).isEqualTo(59);
    int[] drawn = tale.draw(3, 1_000);
    for (int start = 0; start < 980; start++) {
      assertThat(tale.canEmit(Arrays.copyOfRange(drawn, start, start + 16))).isTrue();
    }
    assertThat(canEmit("fox hides an")).isFalse();
    assertThat(canEmit("and at dawn the quiet bear sings all night")).isTrue();
    assertThat(canEmit("and at dawn the quiet bear sings all day")).isFalse();
  }

  private static boolean canEmit(String text) {
    FiniteStateSource tale = Quickstart.source();
    return tale.canEmit(tale.tokenizer().encode(text));
  }

  @Test
  void floor_isUnknownForOtherTexts() throws IOException {
    PreparedData unused =
        Text8.prepare(
            List.of(Written.text(folder.resolve("a"), "the fox finds a kite".repeat(3))),
            folder,
            Existing.REFUSE);
    assertThat(EntropyFloor.of(chunks("train", 5))).isEmpty();
  }

  @Test
  void floor_rejectsATextThatTheSourceCannotEmit() throws IOException {
    PreparedData data = prepare();
    Provenance provenance = data.splits().get(0).provenance();
    Tokenizer words = Quickstart.source().tokenizer();
    DataSplit content = new DataSplit("x", "train", words, provenance);
    try (TokenFileWriter writer = TokenFileWriter.create(folder.resolve("train.bin"), content)) {
      writer.write(words.encode("the fox lantern"));
      TokenFileInfo unused = writer.seal();
      writer.publish();
    }
    EvaluationChunks chunks = chunks("train", 3);
    assertThatThrownBy(() -> EntropyFloor.of(chunks))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("chunk 0 cannot come from the source");
  }
}
