// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.Device;
import com.sun.jna.Function;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The heap of the C library, in which the arrays of a CPU live.
 *
 * <p>libtorch asks for aligned memory. glibc takes it out of a piece that is larger by the
 * alignment and keeps the rest for small requests, so the freed piece is too small for the next
 * array of the same size, and the heap grows over hundreds of steps to several times what is in use
 * (docs/lab/performance.md). Where it grows by more than half, free pages are given back. Not
 * sooner: that splits huge pages into small ones, with which a training takes up to 1.4 times as
 * long.
 */
public final class ProcessHeap {
  private static final long KEEP_NOTHING = 0;

  private static final Path STATUS = Path.of("/proc/self/status");

  /** Without files that are mapped, such as tokens. */
  private static final Pattern RESIDENT = Pattern.compile("RssAnon:\\s+(\\d+) kB");

  private final boolean isOfArrays;
  private final HeapGrowth growth = new HeapGrowth();

  /**
   * @param device the device of the arrays
   */
  public ProcessHeap(Device device) {
    this.isOfArrays = !device.isGpu() && Platform.isLinux();
  }

  /**
   * Gives free pages back where the process has grown by more than half since the call at which it
   * was smallest, of those after they were given back; does nothing for a GPU, or where the system
   * does not say.
   */
  public void releaseIfGrown() {
    OptionalLong resident = isOfArrays ? resident() : OptionalLong.empty();
    if (resident.isPresent() && growth.isTooMuch(resident.getAsLong())) {
      release();
    }
  }

  /** Returns the resident KiB of this process's own memory; empty where the system does not say. */
  private static OptionalLong resident() {
    try {
      Matcher found = RESIDENT.matcher(Files.readString(STATUS));
      return found.find() ? OptionalLong.of(Long.parseLong(found.group(1))) : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty(); // no /proc, as in some containers
    }
  }

  /**
   * Gives the pages of free memory back to the system; does nothing for a GPU, or where the C
   * library has no function for that.
   */
  void release() {
    if (isOfArrays) {
      try {
        int unused =
            Function.getFunction("c", "malloc_trim")
                .invokeInt(new Object[] {new NativeLong(KEEP_NOTHING)});
      } catch (LinkageError e) {
        // a C library other than glibc, or no JNA
      }
    }
  }
}
