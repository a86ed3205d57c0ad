// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.bench.RandomWindows;
import io.github.md4.train.bench.StepBench;
import io.github.md4.train.data.character.PlainText;
import io.github.md4.train.data.character.TextVocabulary;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.data.image.ImageData;
import io.github.md4.train.data.image.ImageOrder;
import io.github.md4.train.data.image.ImageWindows;
import io.github.md4.train.data.image.Resize;
import io.github.md4.train.data.quickstart.Quickstart;
import io.github.md4.train.data.window.MemoryWindows;
import io.github.md4.train.data.window.TrainingRows;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.data.zeroshot.Protocol;
import io.github.md4.train.data.zeroshot.ScoredRows;
import io.github.md4.train.internal.hash.Permutation;
import io.github.md4.train.parallel.Limits;
import io.github.md4.train.speed.FlopCount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checks of numbers that the comments of the public types promise. */
final class DataArgumentsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final MemoryWindows.Content CONTENT =
      new MemoryWindows.Content(new int[][] {{0, 1}, {1, 0}, {1, 1}}, new int[0]);

  static Stream<ThrowingCallable> wrong() {
    Permutation shuffle = Permutation.of(7, 1, 0);
    return Stream.of(
        () -> shuffle.apply(-1),
        () -> shuffle.apply(7),
        () -> Quickstart.source().draw(1, -1),
        () -> Quickstart.source().canEmit(new int[0]),
        () -> new MemoryWindows.Content(new int[0][], new int[0]),
        () -> new MemoryWindows.Content(new int[][] {{}}, new int[0]),
        () -> new MemoryWindows.Content(new int[][] {{0}, {0, 1}}, new int[0]),
        () -> new MemoryWindows.Content(new int[][] {{0}, {1}}, new int[1]),
        () -> new MemoryWindows.Content(new int[][] {{0}}, new int[] {-1}),
        () -> new MemoryWindows(CONTENT, 1).read(-1, new int[2]),
        () -> new MemoryWindows(CONTENT, 1).read(0, new int[3]),
        () -> new Protocol("x", Protocol.Layout.WRAP, -1, 1, "test", "test"),
        () -> new Protocol("x", Protocol.Layout.WRAP, 0, 0, "test", "test"),
        () -> new Resize.CentralSquare(0),
        () ->
            new ImageData.Options(
                new Resize.None(),
                1,
                SplitFractions.STANDARD,
                new ImageOrder.AsGiven(),
                -1,
                Existing.REFUSE),
        () -> new RandomWindows(new Noise(1), 0, 1, 0),
        () -> new RandomWindows(new Noise(1), 1, 0, 0),
        () -> new RandomWindows(new Noise(1), 1, 1, -1),
        () -> StepBench.Repetitions.of(0, 1),
        () -> StepBench.Repetitions.of(1, 0),
        () -> new FlopCount(1, 1).times(0),
        () -> new Limits(Duration.ZERO, SECOND, SECOND, SECOND),
        () -> new Limits(SECOND, SECOND, SECOND.negated(), SECOND));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void number_isRejectedOutOfItsRange(ThrowingCallable wrong) {
    assertThatIllegalArgumentException().isThrownBy(wrong);
  }

  /** A protocol that adds two ends of text to a sequence leaves none of its tokens to the rows. */
  @Test
  void scoredRows_rejectALengthWithoutRoomForRows() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ScoredRows.read(
                    List.of(Path.of("none.txt")),
                    new DocumentOptions(new DocumentRule.EachLine(), "text", Detokenizer.NONE),
                    new Tokenizer.Bytes(),
                    Protocol.MDLM,
                    2))
        .withMessage("length must be at least 3: 2");
  }

  @Test
  void windows_rejectPositionsLengthsAndFilesThatTheyCannotHave(@TempDir Path folder)
      throws IOException {
    Path bare = folder.resolve("bare.bin");
    Path text = Files.writeString(folder.resolve("a.txt"), "abcdefghij".repeat(20));
    PreparedData unused =
        PlainText.prepare(
            List.of(text),
            folder,
            new PlainText.Options(TextVocabulary.BYTES, new SplitFractions(1, 0), Existing.REFUSE));
    try (TokenFile tokens = TokenFile.open(folder.resolve("train.bin"))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new ImageWindows(tokens, 0, 1, index -> 0));
      ImageWindows images = new ImageWindows(tokens, 4, 1, index -> 0);
      assertThat(images.label(0)).isZero();
      assertThatIllegalArgumentException().isThrownBy(() -> images.read(-1, new int[4]));
      assertThatIllegalArgumentException().isThrownBy(() -> images.read(0, new int[5]));
      TrainingWindows windows = new TrainingWindows(tokens, 4, 1);
      assertThatIllegalArgumentException().isThrownBy(() -> windows.read(-1, new int[4]));
      assertThatIllegalArgumentException().isThrownBy(() -> windows.read(0, new int[5]));
    }
    Files.copy(folder.resolve("train.bin"), bare);
    try (TokenFile tokens = TokenFile.open(bare)) {
      assertThatThrownBy(() -> new TrainingRows(tokens, 4, 1))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("bare.bin")
          .hasMessageContaining("has no description beside it");
    }
  }
}
