// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import java.util.OptionalLong;

/** The memory of this process from the C library; libtorch's tensors are in it. */
public final class NativeHeap {
  private NativeHeap() {}

  /** The result of glibc's {@code mallinfo2}, over all arenas. */
  @FieldOrder({
    "arena",
    "ordblks",
    "smblks",
    "hblks",
    "hblkhd",
    "usmblks",
    "fsmblks",
    "uordblks",
    "fordblks",
    "keepcost"
  })
  public static final class Info extends Structure implements Structure.ByValue {
    public NativeLong arena;
    public NativeLong ordblks;
    public NativeLong smblks;
    public NativeLong hblks;
    public NativeLong hblkhd;
    public NativeLong usmblks;
    public NativeLong fsmblks;
    public NativeLong uordblks;
    public NativeLong fordblks;
    public NativeLong keepcost;
  }

  /** Returns the bytes in use; empty where the C library does not tell. */
  public static OptionalLong bytes() {
    if (!Platform.isLinux()) {
      return OptionalLong.empty();
    }
    try {
      Info info =
          (Info)
              NativeLibrary.getInstance("c")
                  .getFunction("mallinfo2")
                  .invoke(Info.class, new Object[0]);
      return OptionalLong.of(info.uordblks.longValue() + info.hblkhd.longValue());
    } catch (UnsatisfiedLinkError e) {
      return OptionalLong.empty();
    }
  }
}
