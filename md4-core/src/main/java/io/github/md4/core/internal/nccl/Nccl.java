// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.nccl;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.LibtorchFolder;
import java.util.Optional;

/**
 * The functions of NCCL that training needs, under their own names.
 *
 * <p>libtorch's CUDA library has them. {@code MD4_NCCL} in the environment names another library;
 * the system's is taken where libtorch has none.
 */
final class Nccl {
  static final int FLOAT32 = 7;
  static final int BFLOAT16 = 9;
  static final int SUM = 0;

  private static final String VARIABLE = "MD4_NCCL";
  private static final String SYSTEM = "libnccl.so.2";

  /** The first version with bfloat16 sums. */
  private static final int LOWEST_VERSION = 21_003;

  private static final String COMPLAINT = register();

  private Nccl() {}

  static native int ncclGetVersion(IntByReference version);

  static native int ncclGetUniqueId(Pointer id);

  static native int ncclCommInitRank(
      PointerByReference communicator, int size, UniqueId.ByValue id, int rank);

  static native int ncclCommDestroy(Pointer communicator);

  static native int ncclCommGetAsyncError(Pointer communicator, IntByReference error);

  static native int ncclAllReduce(
      long from,
      long to,
      long count,
      int type,
      int operation,
      Pointer communicator,
      Pointer stream);

  static native int ncclReduceScatter(
      long from,
      long to,
      long count,
      int type,
      int operation,
      Pointer communicator,
      Pointer stream);

  static native int ncclAllGather(
      long from, long to, long count, int type, Pointer communicator, Pointer stream);

  static native int ncclGroupStart();

  static native int ncclGroupEnd();

  static native Pointer ncclGetErrorString(int error);

  static native Pointer ncclGetLastError(Pointer communicator);

  /**
   * Checks that the library is there.
   *
   * @throws DeviceException if it is missing or too old
   */
  static void check() {
    if (!COMPLAINT.isEmpty()) {
      throw new DeviceException(COMPLAINT);
    }
  }

  /** Checks the status that a function returned. */
  static void check(int error, String doing) {
    if (error != 0) {
      Pointer last = ncclGetLastError(Pointer.NULL);
      String more = last == null ? "" : last.getString(0).strip();
      throw new DeviceException(
          "NCCL failed at %s: %s%s"
              .formatted(
                  doing,
                  ncclGetErrorString(error).getString(0),
                  more.isEmpty() ? "" : " (" + more + ")"));
    }
  }

  /** Returns what is wrong with the library; empty where nothing is. */
  private static String register() {
    try {
      Native.register(Nccl.class, library());
      IntByReference version = new IntByReference();
      return complaint(ncclGetVersion(version), version.getValue());
    } catch (UnsatisfiedLinkError e) {
      return complaint(System.getenv(VARIABLE), e);
    }
  }

  /** Returns what is wrong with a library of this version, unless asking for it failed. */
  static String complaint(int error, int version) {
    return error != 0 || version < LOWEST_VERSION
        ? "NCCL is too old: version %d, %d is needed; name another library by %s"
            .formatted(version, LOWEST_VERSION, VARIABLE)
        : "";
  }

  /**
   * Returns what is wrong where no library can be used.
   *
   * @param named the library that the user has named; null where none is
   */
  static String complaint(String named, UnsatisfiedLinkError error) {
    String first = error.getMessage().lines().findFirst().orElse("");
    return named == null || named.isBlank()
        ? "NCCL is missing: neither libtorch's CUDA library nor %s has it; name one by %s (%s)"
            .formatted(SYSTEM, VARIABLE, first)
        : "NCCL is missing: %s names %s, which cannot be used (%s)"
            .formatted(VARIABLE, named, first);
  }

  private static NativeLibrary library() {
    String named = System.getenv(VARIABLE);
    if (named != null && !named.isBlank()) {
      return NativeLibrary.getInstance(named);
    }
    Optional<NativeLibrary> libtorch = LibtorchFolder.load("libtorch_cuda\\.so");
    return libtorch.filter(Nccl::hasNccl).orElseGet(() -> NativeLibrary.getInstance(SYSTEM));
  }

  private static boolean hasNccl(NativeLibrary library) {
    try {
      return library.getFunction("ncclAllReduce") != null;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }
}
