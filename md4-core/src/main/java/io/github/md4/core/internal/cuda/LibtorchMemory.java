// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory that libtorch sets aside for the arrays of recordings. It is given to nobody else, and not
 * back to the driver, before the recordings are closed: a graph can go on to use the memory of
 * arrays that were closed while it was recorded.
 *
 * <p>The recordings share it, so their graphs must run one after another. Each is an object of
 * libtorch's class {@code at::cuda::CUDAGraph}, of which nothing but the memory is used.
 */
final class LibtorchMemory implements AutoCloseable {
  private static final String CLASS = "_ZN2at4cuda9CUDAGraph";

  /** {@code capture_begin(std::pair<unsigned long long, unsigned long long>, mode)}. */
  private static final String BEGIN = CLASS + "13capture_beginESt4pairIyyE21cudaStreamCaptureMode";

  private static final String GENERATOR = "_ZN2at4cuda6detail23getDefaultCUDAGeneratorEa";
  private static final String FORGET = "_ZN2at17CUDAGeneratorImpl16capture_epilogueEv";

  /** More than the object has in any version. */
  private static final int OBJECT_BYTES = 1 << 12;

  /** The bytes that the graph fills that libtorch makes of a recording. */
  private static final int WORD = Integer.BYTES;

  /** libtorch counts its own pools from 1. */
  private static final AtomicLong POOLS = new AtomicLong(1L << 32);

  private final CudaDevice device;
  private final Functions functions;
  private final Pointer stream;
  private final long word;
  private long pool;
  private Recording first;
  private int held; // recordings that have not let go of the memory, the first not counted

  /**
   * A constructor of libtorch's class; later versions are told whether to keep what is recorded.
   */
  private record Constructor(Function function, boolean isTold) {
    static Constructor of(NativeLibrary torch) {
      return LibtorchMemory.find(torch, CLASS + "C1Ev")
          .map(plain -> new Constructor(plain, false))
          .orElseGet(() -> new Constructor(torch.getFunction(CLASS + "C1Eb"), true));
    }

    void make(Pointer object) {
      function.invokeVoid(isTold ? new Object[] {object, 0} : new Object[] {object});
    }
  }

  /**
   * The functions of libtorch.
   *
   * @param forget lets others draw random numbers, in versions that have it
   */
  private record Functions(
      Constructor constructor,
      Function begin,
      Function end,
      Function destroy,
      Function generator,
      Optional<Function> forget,
      Function currentDevice,
      Function setDevice,
      Function takeError) {

    static Functions of(NativeLibrary torch, NativeLibrary c10, NativeLibrary runtime) {
      return new Functions(
          Constructor.of(torch),
          torch.getFunction(BEGIN),
          torch.getFunction(CLASS + "11capture_endEv"),
          torch.getFunction(CLASS + "D1Ev"),
          torch.getFunction(GENERATOR),
          LibtorchMemory.find(torch, FORGET),
          c10.getFunction("_ZN3c104cuda14current_deviceEv"),
          c10.getFunction("_ZN3c104cuda10set_deviceEa"),
          runtime.getFunction("cudaGetLastError"));
    }

    /** Returns the last error of the calling thread, 0 for none, and forgets it. */
    int lastError() {
      return takeError.invokeInt(new Object[] {});
    }
  }

  private static Optional<Function> find(NativeLibrary library, String name) {
    try {
      return Optional.of(library.getFunction(name));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /** Makes the memory of a stream, which is libtorch's current one for the calling thread. */
  private LibtorchMemory(CudaDevice device, Functions functions, Pointer stream) {
    this.device = device;
    this.functions = functions;
    this.stream = stream;
    device.use();
    LongByReference made = new LongByReference();
    Cuda.check(Cuda.cuMemAlloc_v2(made, WORD), "making an array");
    this.word = made.getValue();
    startPool();
  }

  /** Records nothing, since libtorch takes no recording into a pool that all others have left. */
  private void startPool() {
    pool = POOLS.incrementAndGet();
    first = begin();
    Cuda.check(Cuda.cuGraphDestroy(first.end()), "giving back a graph");
    held = 0;
  }

  /** A way to make the memory of a stream. */
  interface Maker {
    /** Makes the memory of a stream, which is libtorch's current one for the calling thread. */
    LibtorchMemory of(CudaDevice device, Pointer stream);
  }

  /** Returns how it is made; empty where libtorch has no such memory. */
  static Optional<Maker> find() {
    try {
      Optional<NativeLibrary> torch = LibtorchFolder.load("libtorch_cuda\\.so");
      Optional<NativeLibrary> c10 = LibtorchFolder.load("libc10_cuda\\.so");
      Optional<NativeLibrary> runtime = LibtorchFolder.load("libcudart.*\\.so.*");
      return torch
          .flatMap(all -> c10.flatMap(base -> runtime.map(own -> Functions.of(all, base, own))))
          .map(functions -> (device, stream) -> new LibtorchMemory(device, functions, stream));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /**
   * Begins to record what the calling thread has libtorch queue on the stream, which is its current
   * one. The same thread ends it, whatever happens.
   *
   * @throws io.github.md4.core.DeviceException if what the thread did before has failed
   */
  Recording begin() {
    // libtorch would meet an error here where nobody can catch what it throws.
    Cuda.check(functions.lastError(), "what was queued before a recording");
    Recording recording = new Recording();
    held++;
    functions.setDevice.invokeVoid(new Object[] {(byte) device.ordinal()});
    functions.constructor.make(recording.object);
    // A pair of numbers is the pool.
    functions.begin.invokeVoid(new Object[] {recording.object, 0L, pool, RecordingStream.RELAXED});
    letOthersDraw();
    return recording;
  }

  /**
   * Lets other threads draw libtorch's random numbers meanwhile, which it refuses them from the
   * beginning of a recording to here. Nothing that is recorded draws any.
   */
  private void letOthersDraw() {
    Pointer generator =
        functions.generator.invokePointer(new Object[] {(byte) device.ordinal()}).getPointer(0);
    functions.forget.ifPresent(forget -> forget.invokeLong(new Object[] {generator}));
  }

  /** A recording, and then the hold of its graph on the memory. */
  final class Recording implements AutoCloseable {
    private final Memory object = new Memory(OBJECT_BYTES);
    private final int deviceBefore = functions.currentDevice.invokeInt(new Object[] {});

    /**
     * Ends the recording and returns its graph.
     *
     * @throws io.github.md4.core.DeviceException if something was queued that cannot be recorded;
     *     the memory is then let go
     */
    Pointer end() {
      PointerByReference recorded = new PointerByReference();
      int error = endInto(recorded);
      if (error != 0) {
        close();
      }
      Cuda.check(error, "recording a graph");
      return recorded.getValue();
    }

    /** Ends a recording that failed, and may have no graph to give, and lets go of the memory. */
    void abandon() {
      PointerByReference recorded = new PointerByReference();
      if (endInto(recorded) == 0) {
        Cuda.check(Cuda.cuGraphDestroy(recorded.getValue()), "giving back a graph");
      }
      int unused = functions.lastError(); // as an exception, to whoever did the work
      close();
      if (held == 0) {
        // What the failed recording has reserved could never be given back while the pool lasts.
        first.close();
        startPool();
      }
    }

    private int endInto(PointerByReference recorded) {
      device.use();
      int error = Cuda.cuStreamEndCapture(stream, recorded);
      endInLibtorch();
      return error;
    }

    /**
     * Has libtorch end it, too, which makes a graph that can be launched, and ends the process
     * where it has recorded nothing. It gets a graph that fills a word.
     */
    private void endInLibtorch() {
      Cuda.check(
          Cuda.cuStreamBeginCapture_v2(stream, RecordingStream.RELAXED), "recording a graph");
      Cuda.check(Cuda.cuMemsetD32Async(word, 0, 1, stream), "filling an array");
      functions.end.invokeVoid(new Object[] {object});
      functions.setDevice.invokeVoid(new Object[] {(byte) deviceBefore});
    }

    /** Lets go of the memory, which no graph of this recording uses any more. */
    @Override
    public void close() {
      held--;
      device.use();
      functions.destroy.invokeVoid(new Object[] {object});
      object.close();
    }
  }

  /** Closes it after all recordings. */
  @Override
  public void close() {
    first.close();
    device.use();
    Cuda.check(Cuda.cuMemFree_v2(word), "giving back an array");
  }
}
