// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.util.function.ToLongFunction;

/**
 * Java's heap as a long run has it. The young generation grows from one collection to the next, and
 * all of it is touched before each.
 */
final class JavaHeap {
  private static final int PIECE_BYTES = 1 << 16;
  private static final int MOST_COLLECTIONS = 20;

  /**
   * The time between collections, in times of one: where they take a larger share, Java answers
   * with a larger heap than a run has.
   */
  private static final long PAUSE = 40;

  private static final long LONGEST_PAUSE_MILLIS = 1000;

  private JavaHeap() {}

  /** Fills the young generation until a collection no longer changes its size. */
  static void fill() {
    int unchanged = 0;
    for (int i = 0; i < MOST_COLLECTIONS && unchanged < 2; i++) {
      long before = young();
      long collecting = sum(GarbageCollectorMXBean::getCollectionTime);
      fillOnce();
      unchanged = young() == before ? unchanged + 1 : 0;
      pause(PAUSE * (sum(GarbageCollectorMXBean::getCollectionTime) - collecting));
    }
  }

  private static void fillOnce() {
    long until = collections() + 1;
    long most = Runtime.getRuntime().maxMemory();
    for (long filled = 0; collections() < until && filled < most; filled += PIECE_BYTES) {
      if (new byte[PIECE_BYTES].length != PIECE_BYTES) {
        throw new AssertionError("an array has the length that it was made with");
      }
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(Math.min(LONGEST_PAUSE_MILLIS, millis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the bytes of the eden, or 0 where a collector has none. */
  private static long young() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().contains("Eden"))
        .map(MemoryPoolMXBean::getUsage)
        .mapToLong(usage -> usage.getCommitted())
        .sum();
  }

  private static long collections() {
    return sum(GarbageCollectorMXBean::getCollectionCount);
  }

  private static long sum(ToLongFunction<GarbageCollectorMXBean> of) {
    return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(of).sum();
  }
}
