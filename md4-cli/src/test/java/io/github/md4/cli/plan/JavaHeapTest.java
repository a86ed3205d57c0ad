// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.support.SystemMemory;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class JavaHeapTest {
  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  @Test
  void fill_goesThroughTheYoungGenerationMoreThanOnce() {
    long before = collections();
    JavaHeap.fill();
    assertThat(collections()).isGreaterThanOrEqualTo(before + 2);
  }

  /** The peak of a phase, where the process has had more before. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void resetPeak_forgetsWhatWasFreed() throws IOException {
    SystemMemory.resetPeak();
    long resident = SystemMemory.resident().orElseThrow();
    long peak = SystemMemory.peak().orElseThrow();
    assertThat(peak).isLessThan(resident + (64 << 20)).isGreaterThan(resident - (64 << 20));
  }
}
