// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the host writes for a step; no GPU takes part. */
@Tag("exact")
final class StepSizeTest {
  private static final int WIDTH = 2;

  @Test
  void inputs_ofFewerExamplesAndRows_areFilledUp() {
    StepSize size = new StepSize(4, 5, 6, 1);
    int bytes = 6 * 8 + 4 * (2 + 6 + 5) + 4 * 4 * WIDTH;
    ByteBuffer to = ByteBuffer.allocate(bytes);
    size.write(
        to,
        true,
        new int[] {1, 4, 7},
        new double[] {0.25, -1, 0.5},
        List.of(new float[] {1, 2, 3, 4}),
        WIDTH);
    to.position(0);
    for (double u : new double[] {0.25, -1, 0.5, 0, 0, 0}) {
      assertThat(to.getDouble()).isEqualTo(u);
    }
    // How many rows are asked for, whether the step is a first one, rows, starts.
    int last = 19;
    for (int expected : new int[] {3, 1, 1, 4, 7, last, last, last, 0, 2, 3, 3, 6}) {
      assertThat(to.getInt()).isEqualTo(expected);
    }
    for (float feature : new float[] {1, 2, 3, 4, 0, 0, 0, 0}) {
      assertThat(to.getFloat()).isEqualTo(feature);
    }
    assertThat(to.hasRemaining()).isFalse();
  }

  @Test
  void sizes_serveWhatIsAtMostTwiceAsSmall() {
    StepSize size = new StepSize(64, 256, 96, 1);
    assertThat(
            List.of(
                size,
                new StepSize(64, 256, 48, 1),
                new StepSize(32, 256, 96, 1),
                new StepSize(33, 256, 64, 1)))
        .allMatch(size::serves);
    assertThat(
            List.of(
                new StepSize(65, 256, 96, 1),
                new StepSize(31, 256, 96, 1),
                new StepSize(64, 255, 96, 1),
                new StepSize(64, 256, 97, 1),
                new StepSize(64, 256, 47, 1)))
        .noneMatch(size::serves);
  }

  /** All positions are rows that stand otherwise than chosen ones. */
  @Test
  void sizesOfAllPositions_serveThemselvesAlone() {
    StepSize all = new StepSize(2, 8, 16, 1);
    assertThat(all.serves(all)).isTrue();
    assertThat(all.serves(new StepSize(2, 8, 15, 1))).isFalse();
    assertThat(new StepSize(4, 8, 20, 1).serves(all)).isFalse();
  }
}
