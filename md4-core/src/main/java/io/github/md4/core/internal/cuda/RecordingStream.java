// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A stream on which GPU work of a thread is recorded as a {@link CudaGraph}: the work of libtorch,
 * of cuBLAS and of our own kernels. The default stream, on which everything else runs, cannot be
 * recorded.
 *
 * <p>libtorch takes the memory of what runs here from blocks of this stream, and that of what is
 * recorded from {@link LibtorchMemory}, which lasts as long as the graphs. Arrays of a recording
 * that are read after a launch stay open, so that no other graph of this stream writes to them.
 *
 * <p>Threads that record, each on a stream of its own, wait for each other.
 */
public final class RecordingStream implements AutoCloseable {
  private static final System.Logger LOGGER = System.getLogger("io.github.md4.graphs");
  private static final int NON_BLOCKING = 1;

  /** Calls that a recording does not take, such as allocations, are carried out at once. */
  static final int RELAXED = 2;

  /** {@code c10::cuda::setCurrentCUDAStream(CUDAStream)}; a stream is two words. */
  private static final String SET_CURRENT = "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE";

  private static final long CUDA = 1;

  /**
   * Held by whoever records, waits for a whole GPU, or has libtorch free what it caches. While
   * anything is recorded, the two others fail, and so does what is recorded.
   */
  static final Object TURN = new Object();

  private static final ThreadLocal<Pointer> CURRENT =
      ThreadLocal.withInitial(() -> Cuda.DEFAULT_STREAM);

  private final CudaDevice device;
  private final Function setCurrent;
  private final Pointer stream;
  private final LibtorchMemory memory;

  private RecordingStream(CudaDevice device, Function setCurrent, LibtorchMemory.Maker maker) {
    this.device = device;
    this.setCurrent = setCurrent;
    device.use();
    PointerByReference made = new PointerByReference();
    Cuda.check(Cuda.cuStreamCreate(made, NON_BLOCKING), "making a stream");
    this.stream = made.getValue();
    synchronized (TURN) {
      this.memory = onThisStream(() -> maker.of(device, stream));
    }
  }

  /**
   * Returns a stream of a GPU; empty where libtorch lets nobody choose its stream, or keeps no
   * memory for recordings.
   */
  public static Optional<RecordingStream> find(CudaDevice device) {
    return setCurrent()
        .flatMap(
            function ->
                LibtorchMemory.find().map(maker -> new RecordingStream(device, function, maker)));
  }

  /** Returns a stream of a manager's device; empty on a CPU, too. */
  public static Optional<RecordingStream> find(NDManager manager) {
    Device device = manager.getDevice();
    return device.isGpu() && Cuda.isAvailable()
        ? find(new CudaDevice(device.getDeviceId()))
        : Optional.empty();
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

  /** Waits for the work that the calling thread has queued. */
  public static void awaitCurrent(CudaDevice device) {
    device.use();
    Cuda.check(Cuda.cuStreamSynchronize(current()), "waiting");
  }

  /**
   * Does the work on this stream, after all other work, and waits for its end, though it may have
   * failed halfway.
   */
  public void run(Runnable work) {
    synchronized (TURN) {
      device.use();
      Cuda.check(Cuda.cuCtxSynchronize(), "waiting");
      try {
        RecordingStream unused =
            onThisStream(
                () -> {
                  work.run();
                  return this;
                });
      } finally {
        Cuda.check(Cuda.cuStreamSynchronize(stream), "waiting");
        GpuMemory.release(); // what was closed lies in blocks of this stream, for nobody else
      }
    }
  }

  /** Returns the graph of the work, which is not carried out. Run it once before. */
  public CudaGraph record(Runnable work) {
    synchronized (TURN) {
      return onThisStream(() -> recorded(work));
    }
  }

  /**
   * Returns whether a recording, or the work before it, failed because the GPU's memory is full.
   * What is not recorded needs less, and is told of the shape by a line of the log.
   */
  public static boolean isForWantOfMemory(RuntimeException failure) {
    Optional<String> complaint = GpuMemory.complaint(failure);
    complaint.ifPresent(
        line -> LOGGER.log(System.Logger.Level.INFO, "not recorded as a graph: " + line));
    return complaint.isPresent();
  }

  private CudaGraph recorded(Runnable work) {
    LibtorchMemory.Recording recording = memory.begin();
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      recording.abandon();
      throw e;
    }
    return CudaGraph.of(device, recording.end(), recording);
  }

  private <T> T onThisStream(Supplier<T> work) {
    CURRENT.set(stream);
    use(Pointer.nativeValue(stream));
    try {
      return work.get();
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
    memory.close();
    device.use();
    Cuda.check(Cuda.cuStreamDestroy_v2(stream), "giving back a stream");
  }
}
