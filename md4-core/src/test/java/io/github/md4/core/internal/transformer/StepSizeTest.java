// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the host writes for a step; no GPU takes part. */
@Tag("exact")
final class StepSizeTest {
  private static final int WIDTH = 2;

  private static StepSize given(int examples, int length, int rows) {
    return new StepSize(examples, length, rows, 1, StepRows.Form.GIVEN);
  }

  @Test
  void inputs_ofFewerExamplesAndRows_areFilledUp() {
    StepRows rows =
        new StepRows.Given(new int[] {1, 4, 7}, new double[] {0.25, -1, 0.5}, new int[] {0, 18});
    int last = 19;
    assertWritten(
        given(4, 5, 6),
        true,
        rows,
        new double[] {1, 0.25, -1, 0.5, 0, 0, 0}, // the divisor of confidences, uniforms
        new int[] {3, 1, 1}, // rows, whether the step is a first one, whether anything is masked
        new int[] {1, 4, 7, last, last, last},
        new int[] {0, 2, 3, 3, 6}, // starts
        new int[] {1 | 1 << 18}, // what is masked
        new int[8]); // ends, and how many tokens stay: of masks alone
  }

  @Test
  void inputs_ofMasks_areThoseOfAllPositions() {
    StepRows.Choice choice =
        new StepRows.Choice(
            new int[] {4, 5}, new int[] {1, 2}, new double[] {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 0.5);
    double[] u = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
    int last = 14;
    assertWritten(
        new StepSize(3, 5, 6, 2, StepRows.Form.MASKS),
        false,
        new StepRows.Masks(new int[] {2, 3}, u, choice),
        Stream.of(
                DoubleStream.of(0.5),
                Arrays.stream(u),
                DoubleStream.of(0, 0, 0, 0, 0),
                Arrays.stream(choice.noise()),
                DoubleStream.of(0, 0, 0, 0, 0))
            .flatMapToDouble(each -> each)
            .toArray(),
        new int[] {5, 0, 0},
        new int[] {last, last, last, last, last, last},
        new int[] {15 + last, 15 + last, 15 + last, 15 + last, 15 + last, 15 + last},
        new int[] {0, 2, 5, 6, 8, 11, 12},
        new int[1],
        new int[] {4, 5, 0, 1, 2, 0});
  }

  @Test
  void inputs_ofKeptTokens_haveTheLeastRanks() {
    StepRows rows =
        new StepRows.Kept(
            new int[] {1, 4},
            new double[] {0.25, 0.5},
            new KeptTokens(new int[9], new int[] {7, 3}));
    int last = 9;
    assertWritten(
        new StepSize(2, 5, 3, 1, StepRows.Form.KEPT),
        false,
        rows,
        new double[] {1, 0.25, 0.5, 0},
        new int[] {2, 0, 0},
        new int[] {1, 4, last},
        new int[] {0, 2, 3},
        new int[1],
        new int[4],
        new int[] {7, 3, 0});
  }

  @Test
  void inputs_ofMasksAgain_haveItsEntries() {
    StepSize size = new StepSize(2, 5, 3, 1, StepRows.Form.REMASKED);
    int room = 512 + 48 * 2;
    RevealedMasks.Entries entries = new RevealedMasks.Entries(1);
    entries.add(0, 2, 0, 0.125, 0.5);
    entries.add(0, 3, 1, 0.25, 0.75);
    StepRows rows =
        new StepRows.Remasked(
            new int[] {1, 4}, new double[] {0.25, 0.5}, entries.with(new double[5]));
    int last = 9;
    assertWritten(
        size,
        true,
        rows,
        Stream.of(
                DoubleStream.of(1, 0.25, 0.5, 0),
                Arrays.stream(Arrays.copyOf(new double[] {0.5, 0.75}, room)),
                Arrays.stream(Arrays.copyOf(new double[] {0.125, 0.25}, room)))
            .flatMapToDouble(each -> each)
            .toArray(),
        new int[] {2, 1, 0},
        new int[] {1, 4, last},
        new int[] {0, 2, 3},
        new int[1],
        new int[4],
        new int[] {0, 2, 2},
        Arrays.copyOf(new int[] {2, 3}, room),
        Arrays.copyOf(new int[] {0, 1}, room));
    assertThat(size.hasRoomFor(rows)).isTrue();
    for (int i = 2; i < room; i++) {
      entries.add(0, 4, 2 + i, 0, 0);
    }
    assertThat(
            size.hasRoomFor(
                new StepRows.Remasked(new int[1], new double[1], entries.with(new double[5]))))
        .isTrue();
    entries.add(0, 4, 1000, 0, 0);
    assertThat(
            size.hasRoomFor(
                new StepRows.Remasked(new int[1], new double[1], entries.with(new double[5]))))
        .isFalse();
  }

  private static void assertWritten(
      StepSize size, boolean isFirst, StepRows rows, double[] doubles, int[]... ints) {
    ByteBuffer to = ByteBuffer.allocate(size.bytes(WIDTH));
    float[] features = {1, 2, 3, 4};
    size.write(to, isFirst, rows, Collections.nCopies(size.views(), features), WIDTH);
    assertThat(to.hasRemaining()).isFalse();
    to.position(0);
    for (double expected : doubles) {
      assertThat(to.getDouble()).isEqualTo(expected);
    }
    for (int expected : Arrays.stream(ints).flatMapToInt(Arrays::stream).toArray()) {
      assertThat(to.getInt()).isEqualTo(expected);
    }
    for (int view = 0; view < size.views(); view++) {
      for (float expected : Arrays.copyOf(features, size.examples() * WIDTH)) {
        assertThat(to.getFloat()).isEqualTo(expected);
      }
    }
    assertThat(to.hasRemaining()).isFalse();
  }

  @Test
  void sizes_serveWhatIsAtMostTwiceAsSmall() {
    StepSize size = given(64, 256, 96);
    assertThat(List.of(size, given(64, 256, 48), given(32, 256, 96), given(33, 256, 64)))
        .allMatch(size::serves);
    assertThat(
            List.of(
                given(65, 256, 96),
                given(31, 256, 96),
                given(64, 255, 96),
                given(64, 256, 97),
                given(64, 256, 47)))
        .noneMatch(size::serves);
  }

  /** All positions are rows that stand otherwise than chosen ones. */
  @Test
  void sizesOfAllPositions_serveThemselvesAlone() {
    StepSize all = given(2, 8, 16);
    assertThat(all.serves(all)).isTrue();
    assertThat(all.serves(given(2, 8, 15))).isFalse();
    assertThat(given(4, 8, 20).serves(all)).isFalse();
  }
}
