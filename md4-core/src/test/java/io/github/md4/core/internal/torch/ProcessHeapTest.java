// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProcessHeapTest {
  private static final int PIECE = 100_000; // below glibc's least size of a mapping of its own
  private static final int PIECES = 4000;

  @Test
  void release_givesFreePagesBack() throws IOException {
    assumeTrue(Platform.isLinux() && Files.isReadable(Path.of("/proc/self/status")));
    List<Pointer> pieces = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      Pointer piece = new Pointer(Native.malloc(PIECE));
      piece.setMemory(0, PIECE, (byte) 1);
      pieces.add(piece);
    }
    for (int i = 0; i < PIECES; i += 2) { // between pieces in use, so the C library keeps them
      Native.free(Pointer.nativeValue(pieces.get(i)));
    }
    long before = residentKibibytes();
    new ProcessHeap(Device.cpu()).release();
    long after = residentKibibytes();
    for (int i = 1; i < PIECES; i += 2) {
      Native.free(Pointer.nativeValue(pieces.get(i)));
    }
    // 200 MB were free; half, since other tests of this process may take memory meanwhile.
    assertThat(before - after).isGreaterThan(PIECES / 2 * (PIECE / 1024) / 2);
  }

  @Test
  void growth_isTooMuchAboveHalfOfWhatItSettledAt() {
    HeapGrowth growth = new HeapGrowth();
    assertThat(growth.isTooMuch(100)).isFalse();
    assertThat(growth.isTooMuch(150)).isFalse();
    assertThat(growth.isTooMuch(151)).isTrue();
    assertThat(growth.isTooMuch(120)).as("given back: it settles at this").isFalse();
    assertThat(growth.isTooMuch(180)).isFalse();
    assertThat(growth.isTooMuch(60)).as("the least so far").isFalse();
    assertThat(growth.isTooMuch(91)).isTrue();
  }

  @Test
  void releaseIfGrown_givesBackWhereTheProcessHasGrownByHalf() throws IOException {
    assumeTrue(Platform.isLinux() && Files.isReadable(Path.of("/proc/self/status")));
    ProcessHeap heap = new ProcessHeap(Device.cpu());
    heap.releaseIfGrown();
    List<Pointer> pieces = new ArrayList<>();
    long enough = residentKibibytes() * 1024 / PIECE * 7 / 10; // more than half
    for (int i = 0; i < enough; i++) {
      Pointer piece = new Pointer(Native.malloc(PIECE));
      piece.setMemory(0, PIECE, (byte) 1);
      pieces.add(piece);
    }
    for (int i = 0; i < pieces.size(); i += 2) {
      Native.free(Pointer.nativeValue(pieces.get(i)));
    }
    long before = residentKibibytes();
    heap.releaseIfGrown();
    long after = residentKibibytes();
    for (int i = 1; i < pieces.size(); i += 2) {
      Native.free(Pointer.nativeValue(pieces.get(i)));
    }
    assertThat(before - after).isGreaterThan(pieces.size() / 2 * (PIECE / 1024) / 2);
  }

  private static long residentKibibytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
