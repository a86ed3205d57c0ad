// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.DeviceAddress;
import io.github.md4.core.internal.cuda.LibtorchFolder;
import io.github.md4.core.internal.cuda.RecordingStream;
import java.util.Objects;
import java.util.Optional;

/**
 * Products in bfloat16 by the cuBLAS in libtorch's folder, computed as libtorch computes them:
 * float32 sums, on the thread's stream. Starting one directly takes a fraction of the time that it
 * takes through libtorch.
 */
public final class Cublas implements Products {
  private static final int TRANSPOSED = 1;
  private static final int AS_IT_IS = 0;
  private static final int BFLOAT16 = 14;
  private static final int SUMS_IN_FLOAT32 = 68;
  private static final int DEFAULT_ALGORITHM = -1;

  private static final Optional<NativeLibrary> LIBRARY = register();

  private final CudaDevice device;
  private final BufferPool pool;
  private final Pointer handle;
  private Pointer stream = Pointer.NULL;
  private final Memory one = new Memory(Float.BYTES);
  private final Memory zero = new Memory(Float.BYTES);

  private Cublas(CudaDevice device, BufferPool pool, Pointer handle) {
    this.device = device;
    this.pool = pool;
    this.handle = handle;
    one.setFloat(0, 1);
    zero.setFloat(0, 0);
  }

  static native int cublasCreate_v2(PointerByReference handle);

  static native int cublasSetStream_v2(Pointer handle, Pointer stream);

  static native int cublasDestroy_v2(Pointer handle);

  static native int cublasGemmEx(
      Pointer handle,
      int transposeA,
      int transposeB,
      int m,
      int n,
      int k,
      Pointer alpha,
      long a,
      int typeA,
      int strideA,
      long b,
      int typeB,
      int strideB,
      Pointer beta,
      long c,
      int typeC,
      int strideC,
      int sums,
      int algorithm);

  private static Optional<NativeLibrary> register() {
    try {
      Optional<NativeLibrary> library = LibtorchFolder.load("libcublas(-\\w+)?\\.so\\.\\d+");
      library.ifPresent(found -> Native.register(Cublas.class, found));
      return library;
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /** Returns these products; empty where libtorch came without the library. */
  public static Optional<Products> find(CudaDevice device, BufferPool pool) {
    if (LIBRARY.isEmpty()) {
      return Optional.empty();
    }
    device.use();
    PointerByReference handle = new PointerByReference();
    check(cublasCreate_v2(handle), "starting");
    return Optional.of(new Cublas(device, pool, handle.getValue()));
  }

  /**
   * Computes {@code w x^T} for cuBLAS, whose matrices are column-major: its result is ours
   * transposed.
   */
  @Override
  public NDArray product(NDManager scope, NDArray x, NDArray w) {
    int rows = (int) x.getShape().get(0);
    int in = (int) x.getShape().get(1);
    int out = (int) w.getShape().get(0);
    NDArray into = pool.columns(scope, x, out);
    device.use();
    follow(RecordingStream.current());
    int error =
        cublasGemmEx(
            handle,
            TRANSPOSED,
            AS_IT_IS,
            out,
            rows,
            in,
            one,
            DeviceAddress.of(w),
            BFLOAT16,
            in,
            DeviceAddress.of(x),
            BFLOAT16,
            in,
            zero,
            DeviceAddress.of(into),
            BFLOAT16,
            out,
            SUMS_IN_FLOAT32,
            DEFAULT_ALGORITHM);
    check(error, "a product");
    return into;
  }

  /** Queues products on a stream. */
  private void follow(Pointer current) {
    if (!Objects.equals(current, stream)) {
      check(cublasSetStream_v2(handle, current), "a change of streams");
      stream = current;
    }
  }

  private static void check(int error, String doing) {
    if (error != 0) {
      throw new DeviceException("cuBLAS failed at %s: status %d".formatted(doing, error));
    }
  }

  @Override
  public void close() {
    device.use();
    check(cublasDestroy_v2(handle), "stopping");
    one.close();
    zero.close();
  }
}
