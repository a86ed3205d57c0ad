// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class TrainingWindowsTest {
  private static final int TOKENS = 53;
  private static final int LENGTH = 7;
  private static final int WINDOWS = TOKENS - LENGTH + 1;

  @TempDir private Path folder;
  private TokenFile tokens;

  @BeforeEach
  void writeTokens() throws IOException {
    byte[] bytes = new byte[2 * TOKENS]; // uint16 without JSON; token i is i
    for (int i = 0; i < TOKENS; i++) {
      bytes[2 * i] = (byte) i;
    }
    tokens = TokenFile.open(Files.write(folder.resolve("a.bin"), bytes));
  }

  @Test
  void window_isARunOfTheFile() {
    TrainingWindows windows = new TrainingWindows(tokens, LENGTH, 3);
    for (long position = 0; position < 3 * WINDOWS; position++) {
      int[] window = windows.window(position);
      assertThat(window).hasSize(LENGTH).startsWith((int) windows.start(position));
      for (int i = 1; i < LENGTH; i++) {
        assertThat(window[i]).isEqualTo(window[0] + i);
      }
    }
  }

  @Test
  void epoch_hasEveryWindowOnceInAnotherOrder() {
    TrainingWindows windows = new TrainingWindows(tokens, LENGTH, 3);
    assertThat(windows.count()).isEqualTo(WINDOWS);
    Set<List<Long>> orders = new HashSet<>();
    for (long epoch = 0; epoch < 5; epoch++) {
      List<Long> order = new ArrayList<>();
      for (long k = 0; k < WINDOWS; k++) {
        long position = epoch * WINDOWS + k;
        assertThat(windows.epoch(position)).isEqualTo(epoch);
        order.add(windows.start(position));
      }
      assertThat(order).doesNotHaveDuplicates().allMatch(start -> start >= 0 && start < WINDOWS);
      orders.add(order);
    }
    assertThat(orders).hasSize(5);
  }

  @Test
  void window_dependsOnSeedAndPositionAlone() {
    TrainingWindows windows = new TrainingWindows(tokens, LENGTH, 3);
    TrainingWindows again = new TrainingWindows(tokens, LENGTH, 3);
    TrainingWindows other = new TrainingWindows(tokens, LENGTH, 4);
    int differences = 0;
    for (long position = 2 * WINDOWS; position >= 0; position--) {
      assertThat(again.window(position)).isEqualTo(windows.window(position));
      differences += other.start(position) == windows.start(position) ? 0 : 1;
    }
    assertThat(differences).isGreaterThan(WINDOWS);
  }

  @Test
  void windows_rejectWhatCannotBe() {
    assertThatThrownBy(() -> new TrainingWindows(tokens, TOKENS + 1, 1))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("a.bin: is too short: 53 tokens where one sequence takes 54");
    assertThatIllegalArgumentException().isThrownBy(() -> new TrainingWindows(tokens, 0, 1));
    TrainingWindows windows = new TrainingWindows(tokens, TOKENS, 1);
    assertThat(windows.count()).isEqualTo(1);
    assertThatIllegalArgumentException().isThrownBy(() -> windows.window(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> windows.read(0, new int[3]));
  }

  @Test
  void chunks_followEachOtherAndLeaveATail() {
    EvaluationChunks chunks = new EvaluationChunks(tokens, LENGTH);
    assertThat(chunks.count()).isEqualTo(7);
    assertThat(chunks.tailTokens()).isEqualTo(4);
    assertThat(chunks.chunk(0)).containsExactly(0, 1, 2, 3, 4, 5, 6);
    assertThat(chunks.chunk(6)).startsWith(42).endsWith(48);
    assertThatIllegalArgumentException().isThrownBy(() -> chunks.chunk(7));
    assertThatIllegalArgumentException().isThrownBy(() -> chunks.chunk(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> chunks.read(0, new int[8]));
  }

  @Test
  void chunks_rejectAFileShorterThanOne() {
    assertThat(new EvaluationChunks(tokens, TOKENS).count()).isEqualTo(1);
    assertThatThrownBy(() -> new EvaluationChunks(tokens, TOKENS + 1))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("53 tokens");
  }
}
