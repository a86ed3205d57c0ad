// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.LibtorchFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The cuBLASLt in libtorch's folder: products of bfloat16 matrices with float32 sums, by an
 * algorithm that the caller chooses. Its matrices are column-major.
 */
final class CublasLt implements AutoCloseable {
  private static final int BFLOAT16 = 14;
  private static final int FLOAT32 = 0;
  private static final int SUMS_IN_FLOAT32 = 68;
  private static final int TRANSPOSE_FIRST = 3;
  private static final int TRANSPOSE_SECOND = 4;
  private static final int MOST_WORKSPACE = 1;

  /** The layout of a proposal: the algorithm, its workspace, its status, and more. */
  private static final int PROPOSAL_BYTES = 96;

  private static final int ALGORITHM_BYTES = 64;
  private static final int STATUS_AT = 72;

  private static final Optional<NativeLibrary> LIBRARY = register();

  private final Pointer handle;
  private final Pointer preference;
  private final long workspaceBytes;
  private final Memory one = new Memory(Float.BYTES);
  private final Memory zero = new Memory(Float.BYTES);

  private CublasLt(long workspaceBytes) {
    PointerByReference made = new PointerByReference();
    check(cublasLtCreate(made), "starting");
    this.handle = made.getValue();
    check(cublasLtMatmulPreferenceCreate(made), "describing a workspace");
    this.preference = made.getValue();
    this.workspaceBytes = workspaceBytes;
    check(
        cublasLtMatmulPreferenceSetAttribute(
            preference, MOST_WORKSPACE, new LongByReference(workspaceBytes), Long.BYTES),
        "describing a workspace");
    one.setFloat(0, 1);
    zero.setFloat(0, 0);
  }

  static native int cublasLtCreate(PointerByReference handle);

  static native int cublasLtDestroy(Pointer handle);

  static native int cublasLtMatmulPreferenceCreate(PointerByReference preference);

  static native int cublasLtMatmulPreferenceDestroy(Pointer preference);

  static native int cublasLtMatmulPreferenceSetAttribute(
      Pointer preference, int attribute, LongByReference value, long bytes);

  static native int cublasLtMatmulDescCreate(PointerByReference product, int sums, int scale);

  static native int cublasLtMatmulDescDestroy(Pointer product);

  static native int cublasLtMatmulDescSetAttribute(
      Pointer product, int attribute, IntByReference value, long bytes);

  static native int cublasLtMatrixLayoutCreate(
      PointerByReference layout, int type, long rows, long columns, long stride);

  static native int cublasLtMatrixLayoutDestroy(Pointer layout);

  static native int cublasLtMatmulAlgoGetHeuristic(
      Pointer handle,
      Pointer product,
      Pointer a,
      Pointer b,
      Pointer c,
      Pointer d,
      Pointer preference,
      int most,
      Pointer proposals,
      IntByReference number);

  static native int cublasLtMatmul(
      Pointer handle,
      Pointer product,
      Pointer alpha,
      long a,
      Pointer layoutOfA,
      long b,
      Pointer layoutOfB,
      Pointer beta,
      long c,
      Pointer layoutOfC,
      long d,
      Pointer layoutOfD,
      Pointer algorithm,
      long workspace,
      long workspaceBytes,
      Pointer stream);

  private static Optional<NativeLibrary> register() {
    try {
      Optional<NativeLibrary> library = LibtorchFolder.load("libcublasLt(-\\w+)?\\.so\\.\\d+");
      library.ifPresent(found -> Native.register(CublasLt.class, found));
      return library;
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the library for the current device; empty where libtorch came without it.
   *
   * @param workspaceBytes the memory that a product may use
   */
  static Optional<CublasLt> find(long workspaceBytes) {
    return LIBRARY.map(found -> new CublasLt(workspaceBytes));
  }

  /**
   * A product of two matrices as the library is asked for it: d [m, n] = op(a) op(b), summed over
   * k.
   */
  record Sizes(boolean transposesA, boolean transposesB, long m, long n, long k) {
    Pointer layoutOfA() {
      return transposesA ? layout(k, m) : layout(m, k);
    }

    Pointer layoutOfB() {
      return transposesB ? layout(n, k) : layout(k, n);
    }

    private static Pointer layout(long rows, long columns) {
      PointerByReference made = new PointerByReference();
      check(cublasLtMatrixLayoutCreate(made, BFLOAT16, rows, columns, rows), "describing a matrix");
      return made.getValue();
    }
  }

  /** The description of a product and its matrices. */
  final class Product implements AutoCloseable {
    private final Pointer description;
    private final Pointer a;
    private final Pointer b;
    private final Pointer d;

    Product(Sizes sizes) {
      PointerByReference made = new PointerByReference();
      check(cublasLtMatmulDescCreate(made, SUMS_IN_FLOAT32, FLOAT32), "describing a product");
      this.description = made.getValue();
      transpose(TRANSPOSE_FIRST, sizes.transposesA);
      transpose(TRANSPOSE_SECOND, sizes.transposesB);
      this.a = sizes.layoutOfA();
      this.b = sizes.layoutOfB();
      this.d = Sizes.layout(sizes.m, sizes.n);
    }

    private void transpose(int attribute, boolean isTransposed) {
      IntByReference value = new IntByReference(isTransposed ? 1 : 0);
      check(
          cublasLtMatmulDescSetAttribute(description, attribute, value, Integer.BYTES),
          "describing a product");
    }

    /** Returns algorithms, the one that the library thinks fastest first. */
    List<Memory> proposals(int most) {
      List<Memory> algorithms = new ArrayList<>();
      try (Memory proposals = new Memory((long) most * PROPOSAL_BYTES)) {
        IntByReference number = new IntByReference();
        int error =
            cublasLtMatmulAlgoGetHeuristic(
                handle, description, a, b, d, d, preference, most, proposals, number);
        for (int i = 0; error == 0 && i < number.getValue(); i++) {
          long at = (long) i * PROPOSAL_BYTES;
          if (proposals.getInt(at + STATUS_AT) == 0) {
            Memory algorithm = new Memory(ALGORITHM_BYTES);
            algorithm.write(0, proposals.getByteArray(at, ALGORITHM_BYTES), 0, ALGORITHM_BYTES);
            algorithms.add(algorithm);
          }
        }
      }
      return algorithms;
    }

    /**
     * Queues the product; returns whether the algorithm can do it.
     *
     * @param first the address of a; {@code second}, of b; {@code into}, of d; {@code workspace},
     *     of as many bytes as was said
     */
    boolean queue(Pointer algorithm, long first, long second, long into, long workspace) {
      return cublasLtMatmul(
              handle,
              description,
              one,
              first,
              a,
              second,
              b,
              zero,
              into,
              d,
              into,
              d,
              algorithm,
              workspace,
              workspaceBytes,
              Pointer.NULL)
          == 0;
    }

    @Override
    public void close() {
      check(cublasLtMatrixLayoutDestroy(a), "freeing");
      check(cublasLtMatrixLayoutDestroy(b), "freeing");
      check(cublasLtMatrixLayoutDestroy(d), "freeing");
      check(cublasLtMatmulDescDestroy(description), "freeing");
    }
  }

  private static void check(int error, String doing) {
    if (error != 0) {
      throw new DeviceException("cuBLASLt failed at %s: status %d".formatted(doing, error));
    }
  }

  @Override
  public void close() {
    check(cublasLtMatmulPreferenceDestroy(preference), "stopping");
    check(cublasLtDestroy(handle), "stopping");
    one.close();
    zero.close();
  }
}
