// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("exact")
final class PinnedUploadTest {

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "2, 2", "3, 4", "256, 256", "257, 512", "5000000000, 8589934592"})
  void capacity_isTheLeastPowerOfTwoThatIsEnough(long bytes, long capacity) {
    assertThat(PinnedUpload.capacityFor(bytes)).isEqualTo(capacity);
  }
}
