// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RowsTest {

  /** Examples of 300 positions, three tiles of 128 each, with 300, no, 1 and 129 chosen rows. */
  @Test
  void tiles_areThoseWithRows() {
    int[] rows =
        IntStream.of(0, 2, 3)
            .flatMap(b -> IntStream.range(300 * b, 300 * b + new int[] {300, 0, 1, 129}[b]))
            .toArray();
    Rows.OnHost host = Rows.OnHost.of(rows, 4, 300);
    assertThat(host.starts()).containsExactly(0, 300, 300, 301, 430);
    assertThat(host.tiles(Rows.Tiles.FEW)).containsExactly(0, 1, 2, 6, 9, 10);
    assertThat(host.tiles(Rows.Tiles.MANY)).containsExactly(0, 1, 4, 6);
  }
}
