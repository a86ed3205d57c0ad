// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.internal.transformer.StepKernels.Size;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the host writes for a step; no GPU takes part. */
@Tag("exact")
final class StepKernelsTest {
  private static final int WIDTH = 2;

  @Test
  void inputs_ofFewerExamplesAndRows_areFilledUp() {
    Size size = new Size(4, 5, 6);
    int bytes = 6 * 8 + 4 * (2 + 6 + 5) + 4 * 4 * WIDTH;
    ByteBuffer to = ByteBuffer.allocate(bytes);
    size.write(
        to,
        true,
        new int[] {1, 4, 7},
        new double[] {0.25, -1, 0.5},
        new float[] {1, 2, 3, 4},
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
    Size size = new Size(64, 256, 96);
    assertThat(List.of(size, new Size(64, 256, 48), new Size(32, 256, 96), new Size(33, 256, 64)))
        .allMatch(size::serves);
    assertThat(
            List.of(
                new Size(65, 256, 96),
                new Size(31, 256, 96),
                new Size(64, 255, 96),
                new Size(64, 256, 97),
                new Size(64, 256, 47)))
        .noneMatch(size::serves);
  }

  /** All positions are rows that stand otherwise than chosen ones. */
  @Test
  void sizesOfAllPositions_serveThemselvesAlone() {
    Size all = new Size(2, 8, 16);
    assertThat(all.serves(all)).isTrue();
    assertThat(all.serves(new Size(2, 8, 15))).isFalse();
    assertThat(new Size(4, 8, 20).serves(all)).isFalse();
  }
}
