// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;

/**
 * A stream on which GPU work of a thread is recorded as a {@link CudaGraph}: the work of libtorch,
 * of cuBLAS and of our own kernels. The default stream, on which everything else runs, cannot be
 * recorded.
 *
 * <p>libtorch takes the memory of what runs here from blocks of this stream. Arrays of a recording
 * must stay open as long as its graph, and arrays that outlive recordings be made elsewhere or
 * never be closed.
 */
public final class RecordingStream implements AutoCloseable {
  private static final int NON_BLOCKING = 1;

  /** Calls that a recording does not take, such as allocations, are carried out at once. */
  private static final int RELAXED = 2;

  /** {@code c10::cuda::setCurrentCUDAStream(CUDAStream)}; a stream is two words. */
  private static final String SET_CURRENT = "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE";

  private static final long CUDA = 1;

  private static final ThreadLocal<Pointer> CURRENT =
      ThreadLocal.withInitial(() -> Cuda.DEFAULT_STREAM);

  private final CudaDevice device;
  private final Function setCurrent;
  private final Pointer stream;

  private RecordingStream(CudaDevice device, Function setCurrent, Pointer stream) {
    this.device = device;
    this.setCurrent = setCurrent;
    this.stream = stream;
  }

  /** Returns a stream of a GPU; empty where libtorch lets nobody choose its stream. */
  public static Optional<RecordingStream> find(CudaDevice device) {
    return setCurrent()
        .map(
            function -> {
              device.use();
              PointerByReference stream = new PointerByReference();
              Cuda.check(Cuda.cuStreamCreate(stream, NON_BLOCKING), "making a stream");
              return new RecordingStream(device, function, stream.getValue());
            });
  }

  private static Optional<Function> setCurrent() {
    try {
      Optional<NativeLibrary> library = LibtorchFolder.load("libc10_cuda\\.so");
      return library.map(found -> found.getFunction(SET_CURRENT));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /** Returns the stream on which the calling thread's work is queued. */
  public static Pointer current() {
    return CURRENT.get();
  }

  /** Does the work on this stream, after all other work, and waits for its end. */
  public void run(Runnable work) {
    device.use();
    Cuda.check(Cuda.cuCtxSynchronize(), "waiting");
    onThisStream(work);
    Cuda.check(Cuda.cuStreamSynchronize(stream), "waiting");
  }

  /** Returns the graph of the work, which is not carried out. Run it once before. */
  public CudaGraph record(Runnable work) {
    device.use();
    PointerByReference recorded = new PointerByReference();
    Cuda.check(Cuda.cuStreamBeginCapture_v2(stream, RELAXED), "recording a graph");
    try {
      onThisStream(work);
    } catch (RuntimeException e) {
      abandon(recorded);
      throw e;
    }
    device.use();
    Cuda.check(Cuda.cuStreamEndCapture(stream, recorded), "recording a graph");
    return CudaGraph.of(device, recorded.getValue());
  }

  /** Ends a recording that failed, and may have none to give. */
  private void abandon(PointerByReference recorded) {
    device.use();
    if (Cuda.cuStreamEndCapture(stream, recorded) == 0) {
      Cuda.check(Cuda.cuGraphDestroy(recorded.getValue()), "giving back a graph");
    }
  }

  private void onThisStream(Runnable work) {
    CURRENT.set(stream);
    use(Pointer.nativeValue(stream));
    try {
      work.run();
    } finally {
      use(0);
      CURRENT.remove();
    }
  }

  /** Makes libtorch queue the calling thread's work on a stream, 0 for the default one. */
  private void use(long id) {
    setCurrent.invokeVoid(new Object[] {CUDA | (long) device.ordinal() << Byte.SIZE, id});
  }

  @Override
  public void close() {
    device.use();
    Cuda.check(Cuda.cuStreamDestroy_v2(stream), "giving back a stream");
  }
}
