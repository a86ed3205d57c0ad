// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.DeviceAddress;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.transformer.KernelSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Convolutions with the norm in front of them in one kernel, {@code convolution.cu}, in bfloat16.
 *
 * <p>B images, maps [B, C, H, W], their channels last in memory, each followed in memory by its
 * moments, which the next norm reads. Results belong to {@code scope}.
 */
final class HopperConvolutions implements AutoCloseable {
  /** Wider maps take longer than their convolutions by libtorch with the norms apart. */
  private static final int MOST_CHANNELS = 128;

  private static final int STRIPS = 4; // of a tile
  private static final int LEAST_UNIT = 2;
  private static final int MOST_UNIT = 8;
  private static final int MOST_SHARED_BYTES = 225_000;
  private static final int MOMENT_BYTES = 8;

  private static final String SOURCE =
      """
      # Room for a map and what follows it, `all` numbers together.
      def room(self: __torch__.M, like: Tensor, all: int, C: int) -> Tensor:
        numbers = torch.empty([all], dtype=15, device=like.device)
        B = like.size(0)
        H = like.size(2)
        W = like.size(3)
        return torch.as_strided(numbers, [B, C, H, W], [H * W * C, 1, W * C, C], 0)
      def copied(self: __torch__.M, x: Tensor, room: Tensor) -> Tensor:
        return room.copy_(x)
      """;

  private final CudaDevice device;
  private final int multiprocessors;
  private final TorchScript script;
  private final Map<ConvolutionKernel, CudaProgram> programs = new HashMap<>();

  private HopperConvolutions(NDManager manager, CudaDevice device) {
    this.device = device;
    this.multiprocessors = device.multiprocessors();
    this.script = TorchScript.load(manager, Map.of(), SOURCE);
  }

  /** Returns the kernels of a Hopper GPU in bfloat16 with channels last; empty elsewhere. */
  static Optional<HopperConvolutions> find(NDManager manager, UNetKernels.Options options) {
    if (options.precision() != Precision.BFLOAT16
        || options.stream() != Precision.BFLOAT16
        || options.memoryFormat() != MemoryFormat.CHANNELS_LAST) {
      return Optional.empty();
    }
    return CudaDevice.forKernels(manager)
        .filter(CudaDevice::isHopper)
        .map(cuda -> new HopperConvolutions(manager, cuda));
  }

  /** Returns the weights of convolutions as the kernels read them. */
  FilterPacks packs(NDManager parent) {
    return new LaidOutFilters(parent, device);
  }

  /** Returns whether maps of a number of channels are followed by their moments. */
  static boolean takes(long channels) {
    return channels % ConvolutionKernel.CHANNELS == 0 && channels <= MOST_CHANNELS;
  }

  /**
   * Returns whether maps are all followed by their moments, and can be the input of a convolution:
   * no group of their norm has channels of both.
   */
  static boolean takes(List<NDArray> x) {
    int group = channels(x) / UNetKernels.GROUPS;
    return x.stream()
            .map(map -> map.getShape().get(1))
            .allMatch(channels -> takes(channels) && group % unit(channels) == 0)
        && x.get(0).getShape().get(1) % group == 0;
  }

  /**
   * Returns the channels by which the filters of a convolution are laid out.
   *
   * @param like a map of the input
   * @param channels of the result
   */
  int columns(NDArray like, int channels) {
    return kernel(sized(like, channels)).columns();
  }

  private ConvolutionKernel kernel(Shape out, int... summed) {
    int unit = Integer.numberOfTrailingZeros(unit(out.get(1)));
    return ConvolutionKernel.of(out, unit, summed, multiprocessors);
  }

  /** A norm's scale and shift, float32 [C] or [B, C]. */
  record Norm(NDArray scale, NDArray shift) {}

  /**
   * What a convolution is added to.
   *
   * @param x a map, or one or two of which the product is taken; none for nothing
   * @param product weights as in {@link FilterPacks.Pack}, or empty
   */
  record Base(List<NDArray> x, List<NDArray> product) {
    static final Base NOTHING = new Base(List.of(), List.of());
  }

  /**
   * Returns {@code base + bias + conv(swish(norm(x)))}, followed by its moments.
   *
   * @param x one map, or two whose channels follow each other
   * @param filters as in {@link FilterPacks.Pack}, by {@link #columns}
   * @param bias float32 [channels] or [B, channels]
   * @param channels of the result
   */
  NDArray map(
      NDManager scope,
      List<NDArray> x,
      Norm norm,
      NDArray filters,
      NDArray bias,
      Base base,
      int channels) {
    NDArray out = room(scope, x.get(0), channels, momentBytes(sized(x.get(0), channels)));
    convolve(x, norm, filters, bias, base, out, moments(out));
    return out;
  }

  /** Returns {@link #map} that nothing is added to, with any number of channels, alone. */
  NDArray logits(
      NDManager scope, List<NDArray> x, Norm norm, NDArray filters, NDArray bias, int channels) {
    NDArray out = room(scope, x.get(0), channels, 0);
    convolve(x, norm, filters, bias, Base.NOTHING, out, Absent.ARRAY);
    return out;
  }

  private void convolve(
      List<NDArray> x,
      Norm norm,
      NDArray filters,
      NDArray bias,
      Base base,
      NDArray out,
      Object momentsOfOut) {
    Shape size = out.getShape();
    int ofBase = base.product.isEmpty() ? 0 : channels(base.x);
    ConvolutionKernel kernel = kernel(size, channels(x), ofBase);
    List<Object> arguments = new ArrayList<>(maps(x));
    arguments.add(moments(x.get(0)));
    arguments.add(x.size() < 2 ? Absent.ARRAY : moments(x.get(1)));
    arguments.addAll(List.of(norm.scale, norm.shift, stride(norm.scale)));
    arguments.addAll(List.of(filters, bias, stride(bias)));
    arguments.addAll(maps(base.x));
    arguments.add(base.product.isEmpty() ? Absent.ARRAY : base.product.get(0));
    arguments.addAll(List.of(address(out), momentsOfOut));
    arguments.addAll(List.of((int) size.get(2), (int) size.get(3), (int) size.get(1)));
    arguments.add(new float[] {(float) UNetKernels.EPSILON});
    int shared = kernel.sharedBytes(channels(x), ofBase);
    program(kernel)
        .launchEarly(
            kernel.name(),
            new Grid(kernel.blocks(size), kernel.threads(), 1, shared),
            arguments.toArray());
  }

  /** Returns a copy of a map that is followed by its moments. */
  NDArray measured(NDManager scope, NDArray map) {
    Shape shape = map.getShape();
    NDArray room = room(scope, map, shape.get(1), momentBytes(shape));
    script.run(scope, "copied", map, room).close();
    program(kernel(shape, (int) shape.get(1)))
        .launch(
            "measure",
            ofTiles(shape),
            address(room),
            moments(room),
            (int) shape.get(2),
            (int) shape.get(3),
            (int) shape.get(1));
    return room;
  }

  /**
   * Returns {@code norm(x)}, alone.
   *
   * @param norm of all images
   */
  NDArray normalised(NDManager scope, NDArray x, Norm norm) {
    Shape shape = x.getShape();
    NDArray out = room(scope, x, shape.get(1), 0);
    program(kernel(shape, (int) shape.get(1)))
        .launch(
            "normalise",
            ofTiles(shape),
            address(x),
            moments(x),
            norm.scale,
            norm.shift,
            address(out),
            (int) shape.get(2),
            (int) shape.get(3),
            (int) shape.get(1),
            new float[] {(float) UNetKernels.EPSILON});
    return out;
  }

  /** Returns blocks for each tile of all images. */
  private static Grid ofTiles(Shape map) {
    int tiles = ConvolutionKernel.tiles(map, ConvolutionKernel.SIDE);
    return new Grid(tiles, ConvolutionKernel.THREADS, 1);
  }

  /** Returns room for a map of the size of another one, and for some bytes behind it. */
  private NDArray room(NDManager scope, NDArray like, long channels, long bytes) {
    long all = sized(like, channels).size() + bytes / Short.BYTES;
    return script.run(scope, "room", like, all, channels).singletonOrThrow();
  }

  private static Shape sized(NDArray like, long channels) {
    Shape shape = like.getShape();
    return new Shape(shape.get(0), channels, shape.get(2), shape.get(3));
  }

  private static long moments(NDArray map) {
    return address(map) + map.getShape().size() * Short.BYTES;
  }

  private static long momentBytes(Shape map) {
    int tiles = ConvolutionKernel.tiles(map, ConvolutionKernel.SIDE);
    return map.get(1) / unit(map.get(1)) * tiles * STRIPS * MOMENT_BYTES;
  }

  /**
   * Returns the channels of which moments are kept together; logits have none, and any channels.
   */
  private static int unit(long channels) {
    int common = Integer.lowestOneBit((int) channels / UNetKernels.GROUPS);
    return Math.max(LEAST_UNIT, Math.min(MOST_UNIT, common));
  }

  private static int channels(List<NDArray> maps) {
    return maps.stream().mapToInt(map -> (int) map.getShape().get(1)).sum();
  }

  private CudaProgram program(ConvolutionKernel kernel) {
    synchronized (programs) {
      return programs.computeIfAbsent(kernel, this::compiled);
    }
  }

  private CudaProgram compiled(ConvolutionKernel kernel) {
    Map<String, Integer> constants = KernelSource.withoutHeads();
    constants.putAll(new TreeMap<>(kernel.constants()));
    String source =
        KernelSource.behindAttention(HopperConvolutions.class, "convolution.cu")
            + TorchScript.resource(HopperConvolutions.class, kernel.file());
    CudaProgram program =
        CudaProgram.compileForHopper(Nvrtc.find().orElseThrow(), device, source, constants);
    program.allowSharedBytes(kernel.name(), MOST_SHARED_BYTES);
    return program;
  }

  /** Returns the arguments of maps side by side: addresses, the channels of the first, of all. */
  private static List<Object> maps(List<NDArray> x) {
    return List.of(
        x.isEmpty() ? Absent.ARRAY : address(x.get(0)),
        x.size() < 2 ? Absent.ARRAY : address(x.get(1)),
        x.isEmpty() ? 0 : channels(x.subList(0, 1)),
        channels(x));
  }

  private static int stride(NDArray ofChannels) {
    Shape shape = ofChannels.getShape();
    return shape.dimension() == 1 || shape.get(0) == 1 ? 0 : Math.toIntExact(shape.get(1));
  }

  private static long address(NDArray map) {
    try (NDArray asItLies = JniUtils.permute((PtNDArray) map, new long[] {0, 2, 3, 1})) {
      return DeviceAddress.of(asItLies);
    }
  }

  @Override
  public void close() {
    programs.values().forEach(CudaProgram::close);
    script.close();
  }
}
