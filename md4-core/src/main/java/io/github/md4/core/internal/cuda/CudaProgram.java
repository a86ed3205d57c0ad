// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;

/** CUDA kernels, compiled for one GPU. */
public final class CudaProgram implements AutoCloseable {
  private static final int MAX_DYNAMIC_SHARED_BYTES = 8;
  private static final int MOST_ARGUMENTS = 32;
  private static final int SLOT = 32;

  private final CudaDevice device;
  private final Pointer module;
  private final Map<String, Pointer> functions = new ConcurrentHashMap<>();
  private final Memory values = new Memory((long) SLOT * MOST_ARGUMENTS);
  private final Pointer[] slots = new Pointer[MOST_ARGUMENTS];
  private final Memory arguments = new Memory((long) Native.POINTER_SIZE * MOST_ARGUMENTS);
  private Optional<EarlyLaunch> early = Optional.empty();

  private CudaProgram(CudaDevice device, Pointer module) {
    this.device = device;
    this.module = module;
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      slots[i] = values.share((long) SLOT * i, SLOT);
    }
  }

  /** Returns the kernels of a source text, in which each of {@code constants} is defined. */
  public static CudaProgram compile(
      Nvrtc compiler, CudaDevice device, String source, Map<String, Integer> constants) {
    return compile(compiler, device, source, constants, List.of(architecture(device)));
  }

  /** Returns kernels of Hopper's own instructions, which run on no other generation. */
  public static CudaProgram compileForHopper(
      Nvrtc compiler, CudaDevice device, String source, Map<String, Integer> constants) {
    return compile(compiler, device, source, constants, hopper(device));
  }

  /**
   * Begins on another thread to compile what {@link #compileForHopper} is going to be asked for.
   */
  public static void prepareForHopper(
      Nvrtc compiler, CudaDevice device, String source, Map<String, Integer> constants) {
    compiler.prepare(source, options(hopper(device), constants));
  }

  private static List<String> hopper(CudaDevice device) {
    return List.of(architecture(device) + "a", "-default-device");
  }

  private static String architecture(CudaDevice device) {
    return "--gpu-architecture=sm_" + device.capability();
  }

  private static CudaProgram compile(
      Nvrtc compiler,
      CudaDevice device,
      String source,
      Map<String, Integer> constants,
      List<String> start) {
    Memory code = compiler.compile(source, options(start, constants));
    device.use();
    PointerByReference module = new PointerByReference();
    Cuda.check(Cuda.cuModuleLoadData(module, code), "loading kernels");
    return new CudaProgram(device, module.getValue());
  }

  private static List<String> options(List<String> start, Map<String, Integer> constants) {
    List<String> options = new ArrayList<>(start);
    constants.forEach((name, value) -> options.add("-D" + name + "=" + value));
    return options;
  }

  /**
   * The launch configuration of a kernel.
   *
   * @param blocks at least 1
   * @param sharedBytes dynamic shared memory of a block
   */
  public record Grid(long blocks, int threadsX, int threadsY, int sharedBytes) {
    public Grid(long blocks, int threadsX, int threadsY) {
      this(blocks, threadsX, threadsY, 0);
    }

    /** Returns blocks of 256 threads, one thread for each work item. */
    public static Grid of(long workItems) {
      return new Grid((workItems + 255) / 256, 256, 1);
    }
  }

  /**
   * Queues a kernel.
   *
   * @param given the arguments in the kernel's order: an array or {@link PinnedMemory} for its
   *     address, {@link Absent} for null, Integer, Long, float[] for a struct of floats, or {@link
   *     TensorMap}
   */
  public synchronized void launch(String kernel, Grid grid, Object... given) {
    Pointer stream = RecordingStream.current();
    queue(
        kernel,
        given,
        function ->
            Cuda.cuLaunchKernel(
                function,
                Math.toIntExact(grid.blocks),
                1,
                1,
                grid.threadsX,
                grid.threadsY,
                1,
                grid.sharedBytes,
                stream,
                arguments,
                Pointer.NULL));
  }

  /**
   * Queues a kernel of Hopper, as {@link #launch} does. While work is recorded, the kernel may
   * begin before the one in front of it has ended; it must wait for that itself.
   */
  public synchronized void launchEarly(String kernel, Grid grid, Object... given) {
    Pointer stream = RecordingStream.current();
    if (Objects.equals(stream, Cuda.DEFAULT_STREAM)) {
      launch(kernel, grid, given);
      return;
    }
    queueEarly(kernel, grid, stream, given);
  }

  /**
   * Queues a kernel of Hopper that runs beside the one in front of it: it begins as soon as every
   * block of that one has let it ({@code letNextBegin} in attention.cu). That one has to be queued
   * by {@link #launch}, so that all before it has ended, and this one has to wait for it as the
   * last that it does ({@code awaitEarlier}), so that who comes after this one comes after both.
   */
  public synchronized void launchBeside(String kernel, Grid grid, Object... given) {
    queueEarly(kernel, grid, RecordingStream.current(), given);
  }

  private void queueEarly(String kernel, Grid grid, Pointer stream, Object... given) {
    queue(kernel, given, function -> early().queue(function, grid, stream, arguments));
  }

  private EarlyLaunch early() {
    if (early.isEmpty()) {
      early = Optional.of(new EarlyLaunch());
    }
    return early.get();
  }

  /** Launches a kernel, which reads the descriptions of matrices among the arguments. */
  private void queue(String kernel, Object[] given, ToIntFunction<Pointer> launch) {
    device.use();
    write(given);
    try {
      Cuda.check(launch.applyAsInt(function(kernel)), "launching " + kernel);
    } finally {
      Reference.reachabilityFence(given);
    }
  }

  private void write(Object... given) {
    for (int i = 0; i < given.length; i++) {
      arguments.setPointer((long) Native.POINTER_SIZE * i, written(i, given[i]));
    }
  }

  /** The argument for a null pointer. */
  public enum Absent {
    ARRAY
  }

  /**
   * Returns the number of blocks of {@code threads} threads that are resident on the whole GPU at
   * once.
   */
  public int residentBlocks(String kernel, int threads) {
    device.use();
    IntByReference blocks = new IntByReference();
    Cuda.check(
        Cuda.cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function(kernel), threads, 0),
        "asking for the occupancy of " + kernel);
    return blocks.getValue() * device.multiprocessors();
  }

  /** Returns the number of a kernel's clusters that run on the whole GPU at once. */
  public synchronized int residentClusters(String kernel, Grid grid) {
    device.use();
    IntByReference clusters = new IntByReference();
    Cuda.check(
        early().clusters(clusters, function(kernel), grid), "asking for the clusters of " + kernel);
    return clusters.getValue();
  }

  /** Allows a kernel to use this much dynamic shared memory for each block. */
  public void allowSharedBytes(String kernel, int bytes) {
    device.use();
    Cuda.check(
        Cuda.cuFuncSetAttribute(function(kernel), MAX_DYNAMIC_SHARED_BYTES, bytes),
        "giving shared memory to " + kernel);
  }

  @Override
  public synchronized void close() {
    device.use();
    Cuda.check(Cuda.cuModuleUnload(module), "unloading kernels");
    values.close();
    arguments.close();
  }

  /** Returns where the driver finds the value of an argument. */
  private Pointer written(int index, Object value) {
    if (value instanceof TensorMap map) {
      return map.pointer();
    }
    write((long) SLOT * index, value);
    return slots[index];
  }

  private void write(long offset, Object value) {
    if (value instanceof NDArray array) {
      values.setLong(offset, DeviceAddress.of(array));
    } else if (value instanceof PinnedMemory pinned) {
      values.setLong(offset, pinned.address());
    } else if (value instanceof Integer number) {
      values.setInt(offset, number);
    } else if (value instanceof Long number) {
      values.setLong(offset, number);
    } else if (value instanceof float[] struct) {
      values.write(offset, struct, 0, struct.length);
    } else {
      values.setLong(offset, 0);
    }
  }

  private Pointer function(String name) {
    return functions.computeIfAbsent(
        name,
        key -> {
          PointerByReference function = new PointerByReference();
          Cuda.check(Cuda.cuModuleGetFunction(function, module, key), "finding " + key);
          return function.getValue();
        });
  }
}
