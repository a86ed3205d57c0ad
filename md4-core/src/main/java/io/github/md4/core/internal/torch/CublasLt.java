// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;
import java.util.ArrayList;
import java.util.List;

/**
 * The products of a cuBLASLt library on the current device: bfloat16 matrices with float32 sums, by
 * an algorithm that the caller chooses. Its matrices are column-major.
 */
final class CublasLt implements AutoCloseable {
  private static final int BFLOAT16 = 14;
  private static final int FLOAT32 = 0;
  private static final int SUMS_IN_FLOAT32 = 68;
  private static final int TRANSPOSE_FIRST = 3;
  private static final int TRANSPOSE_SECOND = 4;
  private static final int MOST_WORKSPACE = 1;
  private static final int BATCH = 5;
  private static final int BATCH_STRIDE = 6;

  /** The layout of a proposal: the algorithm, its workspace, its status, and more. */
  private static final int PROPOSAL_BYTES = 96;

  private static final int ALGORITHM_BYTES = 64;
  private static final int STATUS_AT = 72;

  private final CublasLtLibrary library;
  private final Pointer handle;
  private final Pointer preference;
  private final long workspaceBytes;
  private final Memory one = new Memory(Float.BYTES);
  private final Memory zero = new Memory(Float.BYTES);

  /**
   * @param workspaceBytes the memory that a product may use
   */
  CublasLt(CublasLtLibrary library, long workspaceBytes) {
    this.library = library;
    this.workspaceBytes = workspaceBytes;
    this.handle = made(library.create);
    this.preference = made(library.createPreference);
    call(
        library.setPreference,
        preference,
        MOST_WORKSPACE,
        new LongByReference(workspaceBytes),
        (long) Long.BYTES);
    one.setFloat(0, 1);
    zero.setFloat(0, 0);
  }

  /**
   * A product of two matrices as the library is asked for it: d [m, n] = op(a) op(b), summed over
   * k.
   */
  record Sizes(boolean transposesA, boolean transposesB, long m, long n, long k) {}

  /** The description of a product and its matrices. */
  final class Product implements AutoCloseable {
    private final Pointer description;
    private final Pointer a;
    private final Pointer b;
    private final Pointer d;

    Product(Sizes sizes) {
      this.description = made(library.createProduct, SUMS_IN_FLOAT32, FLOAT32);
      transpose(TRANSPOSE_FIRST, sizes.transposesA);
      transpose(TRANSPOSE_SECOND, sizes.transposesB);
      this.a = sizes.transposesA ? layout(sizes.k, sizes.m) : layout(sizes.m, sizes.k);
      this.b = sizes.transposesB ? layout(sizes.n, sizes.k) : layout(sizes.k, sizes.n);
      this.d = layout(sizes.m, sizes.n);
    }

    /**
     * A product {@code a b^T} whose sum is taken apart: d is float32 [parts][m, n], and its parts
     * add up to the product.
     *
     * @param parts a divisor of k
     */
    Product(long m, long n, long k, int parts) {
      this.description = made(library.createProduct, SUMS_IN_FLOAT32, FLOAT32);
      transpose(TRANSPOSE_SECOND, true);
      this.a = repeated(layout(m, k / parts), parts, k / parts * m);
      this.b = repeated(layout(n, k / parts), parts, k / parts * n);
      this.d = repeated(made(library.createLayout, FLOAT32, m, n, m), parts, m * n);
    }

    /** Makes a layout that of several matrices, each so many elements behind the one before. */
    private Pointer repeated(Pointer layout, int times, long stride) {
      call(library.setLayout, layout, BATCH, new IntByReference(times), (long) Integer.BYTES);
      call(library.setLayout, layout, BATCH_STRIDE, new LongByReference(stride), (long) Long.BYTES);
      return layout;
    }

    private void transpose(int attribute, boolean isTransposed) {
      IntByReference value = new IntByReference(isTransposed ? 1 : 0);
      call(library.setProduct, description, attribute, value, (long) Integer.BYTES);
    }

    private Pointer layout(long rows, long columns) {
      return made(library.createLayout, BFLOAT16, rows, columns, rows);
    }

    /** Returns algorithms, the one that the library thinks fastest first. */
    List<Memory> proposals(int most) {
      List<Memory> algorithms = new ArrayList<>();
      try (Memory proposals = new Memory((long) most * PROPOSAL_BYTES)) {
        IntByReference number = new IntByReference();
        int error =
            status(
                library.propose,
                handle,
                description,
                a,
                b,
                d,
                d,
                preference,
                most,
                proposals,
                number);
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
      return status(
              library.multiply,
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
      call(library.destroyLayout, a);
      call(library.destroyLayout, b);
      call(library.destroyLayout, d);
      call(library.destroyProduct, description);
    }
  }

  /** Returns what a function made, whose first argument is the place for it. */
  private Pointer made(Function function, Object... others) {
    PointerByReference place = new PointerByReference();
    Object[] arguments = new Object[others.length + 1];
    arguments[0] = place;
    System.arraycopy(others, 0, arguments, 1, others.length);
    call(function, arguments);
    return place.getValue();
  }

  private void call(Function function, Object... arguments) {
    int error = status(function, arguments);
    if (error != 0) {
      throw new DeviceException(
          "%s failed at %s: status %d".formatted(library.description(), function.getName(), error));
    }
  }

  private static int status(Function function, Object... arguments) {
    return function.invokeInt(arguments);
  }

  @Override
  public void close() {
    call(library.destroyPreference, preference);
    call(library.destroy, handle);
    one.close();
    zero.close();
  }
}
