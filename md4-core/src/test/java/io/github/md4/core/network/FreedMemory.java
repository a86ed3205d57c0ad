// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Memory of Java's that nobody holds any more. */
public final class FreedMemory {
  private FreedMemory() {}

  /** Frees what nobody holds and takes the freed memory in small pieces, filled with NaN. */
  public static void scribble() {
    for (int round = 0; round < 3; round++) {
      System.gc();
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    List<ByteBuffer> taken = new ArrayList<>();
    for (int bytes = 16; bytes <= 512; bytes += 16) {
      for (int i = 0; i < 300; i++) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        while (buffer.hasRemaining()) {
          buffer.putFloat(Float.NaN);
        }
        taken.add(buffer);
      }
    }
    assertThat(taken).isNotEmpty();
  }
}
