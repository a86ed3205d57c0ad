// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The CUDA kernels of {@code maps.cu}, in bfloat16.
 *
 * <p>Several threads may call the forward and launch graphs of it, on any streams: the arrays of a
 * call are its own. The calls of a backward share theirs, and follow one another.
 */
final class CudaNormActivationKernels implements NormActivationKernels {
  private static final int OCTET = 8;

  private static final int FEWEST_PIXELS = 32;
  private static final int MOMENTS = 2;

  /** The blocks of an example whose moments and norm are one launch. */
  private static final int CLUSTER = 8;

  /** With so many examples such blocks fill a GPU. */
  private static final int MOST_AT_ONCE = 16;

  /** With more values of an example a block of such has too much to read. */
  private static final long MOST_VALUES_AT_ONCE = 1L << 18;

  private static final int BACKWARD_SUMS = 3;
  private static final int MOST_MAPS = 2;
  private static final double WORD = 0x1p16;
  private static final int NORM_GRADIENTS = 3;
  private static final int WARP = 32;

  /** The parts of a gradient that {@link #normActivateBackward} adds. */
  private static final int MOST_KNOWN = 2;

  private static final String SOURCE =
      """
      def activatedAlone(self: __torch__.M, x: Tensor, channels: int) -> Tensor:
        size = [x.size(0), channels, x.size(2), x.size(3)]
        return torch.empty(size, dtype=15, device=x.device, memory_format=2)
      def floats(self: __torch__.M, like: Tensor, size: int) -> Tensor:
        return torch.empty([size], dtype=6, device=like.device)
      def activated(
          self: __torch__.M, x: Tensor, channels: int, groups: int, sums: int) -> List[Tensor]:
        return [self.activatedAlone(x, channels), self.floats(x, groups), self.floats(x, sums)]
      def like(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.empty_like(x)
      """;

  private final CudaProgram program;
  private final TorchScript script;
  private final Precision stream;
  private final boolean isHopper;
  private final Map<String, Integer> resident = new ConcurrentHashMap<>();
  private final Workspace workspace;

  /**
   * Returns how the kernels of a GPU are made; empty where they do not run: on a CPU, in float32,
   * with channels first, without a CUDA compiler, or on a GPU older than Ampere.
   */
  static Optional<Factory> factory(NDManager parent, UNetKernels.Options options) {
    if (options.precision() != Precision.BFLOAT16
        || options.memoryFormat() != MemoryFormat.CHANNELS_LAST) {
      return Optional.empty();
    }
    return CudaDevice.forKernels(parent)
        .map(
            cuda ->
                manager ->
                    new CudaNormActivationKernels(
                        manager, cuda, Nvrtc.find().orElseThrow(), options.stream()));
  }

  /**
   * @param stream the type of the residual stream and of its gradient
   */
  CudaNormActivationKernels(NDManager parent, CudaDevice device, Nvrtc compiler, Precision stream) {
    this.script = TorchScript.load(parent, Map.of(), SOURCE);
    this.stream = stream;
    this.isHopper = device.isHopper();
    this.workspace = new Workspace(parent.newSubManager());
    Map<String, Integer> constants = Map.of("WIDE", stream == Precision.FLOAT32 ? 1 : 0);
    this.program =
        CudaProgram.compile(
            compiler,
            device,
            TorchScript.resource(CudaNormActivationKernels.class, "maps.cu"),
            constants);
  }

  /**
   * Arrays of a backward in float32 that last from one launch to the next, kept. The work of one
   * stream runs in order, so that the next call may write to them.
   */
  private static final class Workspace implements AutoCloseable {
    private final NDManager manager;
    private final Map<Shape, NDArray> sums = new HashMap<>();
    private NDArray partials;

    Workspace(NDManager manager) {
      this.manager = manager;
      this.partials = manager.zeros(new Shape(1));
    }

    /** Returns an array for partial sums: as long as they need or longer. */
    NDArray partials(MapSize size, int quantities) {
      long length = size.sums(quantities);
      if (partials.size() < length) {
        // Twice as long each time: all together are no longer than two of the last.
        partials = manager.zeros(new Shape(Math.max(length, 2 * partials.size())));
      }
      return partials;
    }

    /** Returns the array for a norm's gradients by example, [3, B, C]. */
    NDArray normGradients(MapSize size) {
      Shape shape = new Shape(NORM_GRADIENTS, size.examples(), size.channels());
      return sums.computeIfAbsent(shape, manager::zeros);
    }

    @Override
    public void close() {
      manager.close();
    }
  }

  /** Returns the size of maps for a kernel. */
  private MapSize size(List<NDArray> x, String kernel) {
    MapSize whole = size(x, 1);
    int atOnce =
        resident.computeIfAbsent(kernel, name -> program.residentBlocks(name, MapSize.THREADS));
    int most = Math.max(1, whole.pixels() / FEWEST_PIXELS);
    return size(x, MapSize.splits(whole.examples(), most, atOnce));
  }

  /** Returns whether the moments and the norm of maps are one launch. */
  private boolean isAtOnce(MapSize size) {
    return isHopper
        && size.examples() <= MOST_AT_ONCE
        && (long) size.pixels() * size.channels() <= MOST_VALUES_AT_ONCE;
  }

  private static MapSize size(List<NDArray> x, int splits) {
    Shape shape = x.get(0).getShape();
    int examples = Math.toIntExact(shape.get(0));
    int pixels = Math.toIntExact(shape.get(2) * shape.get(3));
    int channels = x.stream().mapToInt(CudaNormActivationKernels::channels).sum();
    return new MapSize(examples, channels, pixels, splits);
  }

  private static int channels(NDArray map) {
    return Math.toIntExact(map.getShape().get(1));
  }

  @Override
  public Activated normActivate(
      NDManager scope, Kind kind, List<NDArray> x, Norm norm, Dropout drop) {
    boolean isAtOnce = isAtOnce(size(x, CLUSTER));
    String kernel = (isAtOnce ? "normActivateAtOnce" : "normActivate") + of(kind);
    MapSize size = isAtOnce ? size(x, CLUSTER) : size(x, kernel);
    int groups = size.examples() * UNetKernels.GROUPS * MOMENTS;
    NDList made =
        script.run(scope, "activated", x.get(0), size.channels(), groups, size.sums(MOMENTS));
    Object[] maps = maps(x);
    try (NDArray partials = made.get(2)) {
      if (!isAtOnce) {
        program.launch("moments" + of(kind), size.grid(), arguments(maps, partials, shape(size)));
      }
      program.launch(
          kernel,
          size.grid(),
          arguments(
              maps,
              partials,
              norm(norm),
              address(made.get(0)),
              made.get(1),
              drop.seed(),
              threshold(drop),
              new float[] {(float) UNetKernels.EPSILON},
              shape(size)));
    }
    return new Activated(made.get(0), made.get(1));
  }

  @Override
  public NDArray activateAgain(NDManager scope, Forward forward) {
    MapSize size = size(forward.x(), "activateAgain" + of(forward.kind()));
    NDArray output =
        script.run(scope, "activatedAlone", forward.x().get(0), size.channels()).singletonOrThrow();
    program.launch(
        "activateAgain" + of(forward.kind()),
        size.grid(),
        arguments(
            maps(forward.x()),
            forward.activated().saved(),
            norm(forward.norm()),
            address(output),
            forward.drop().seed(),
            threshold(forward.drop()),
            shape(size)));
    return output;
  }

  @Override
  public Gradients normActivateBackward(
      NDManager scope,
      NDArray da,
      Forward forward,
      List<List<NDArray>> known,
      ParameterGradients into) {
    MapSize size = size(forward.x(), "normActivateBackward" + of(forward.kind()));
    NDArray partials = workspace.partials(size, BACKWARD_SUMS);
    NDArray dnorm = workspace.normGradients(size);
    Object[] given =
        arguments(
            address(da), maps(forward.x()), forward.activated().saved(), norm(forward.norm()));
    Object[] rest = arguments(forward.drop().seed(), threshold(forward.drop()), shape(size));
    program.launch(
        "backwardSums" + of(forward.kind()), size.grid(), arguments(given, partials, rest));
    List<NDArray> dx = results(scope, da, forward, known);
    program.launch(
        "normActivateBackward" + of(forward.kind()),
        size.grid(),
        arguments(given, partials, gradients(known, dx), dnorm, rest));
    sumOverExamples(size, dnorm, into);
    return new Gradients(dx, dnorm);
  }

  /** Returns the arrays for the gradients by the maps: in place wherever an array has the type. */
  private List<NDArray> results(
      NDManager scope, NDArray da, Forward forward, List<List<NDArray>> known) {
    boolean isNarrow = forward.kind() == Kind.CONVOLVED || stream != Precision.FLOAT32;
    List<NDArray> results = new ArrayList<>();
    for (int i = 0; i < known.size(); i++) {
      if (!known.get(i).isEmpty()) {
        results.add(known.get(i).get(0));
      } else if (isNarrow && known.size() == 1) {
        results.add(da);
      } else {
        results.add(script.run(scope, "like", forward.x().get(i)).singletonOrThrow());
      }
    }
    return results;
  }

  /** Returns the arguments for each of two maps: the known parts, then the result. */
  private static Object[] gradients(List<List<NDArray>> known, List<NDArray> dx) {
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < MOST_MAPS; i++) {
      for (int part = 0; part < MOST_KNOWN; part++) {
        boolean isKnown = i < known.size() && part < known.get(i).size();
        all.add(isKnown ? address(known.get(i).get(part)) : Absent.ARRAY);
      }
      all.add(i < dx.size() ? address(dx.get(i)) : Absent.ARRAY);
    }
    return all.toArray();
  }

  private void sumOverExamples(MapSize size, NDArray dnorm, ParameterGradients into) {
    if (into.equals(ParameterGradients.NONE)) {
      return;
    }
    sumOverRows(
        dnorm,
        size.examples(),
        size.channels(),
        orNull(into.scale()),
        orNull(into.shift()),
        orNull(into.bias()));
  }

  @Override
  public void sumOverPixels(NDArray x, NDArray into) {
    MapSize size = size(List.of(x), "sumsOfStream");
    NDArray partials = workspace.partials(size, 1);
    program.launch("sumsOfStream", size.grid(), arguments(address(x), partials, shape(size)));
    int rows = size.examples() * size.splits();
    sumOverRows(partials, rows, size.channels(), into, Absent.ARRAY, Absent.ARRAY);
  }

  private void sumOverRows(NDArray rows, int count, int channels, Object... into) {
    program.launch(
        "sumOverRows",
        new Grid((long) into.length * channels / WARP, WARP * WARP, 1),
        arguments(rows, into, count, channels));
  }

  @Override
  public NDArray addResidual(NDManager scope, NDArray x, NDArray y, NDArray bias) {
    NDArray sum = stream == Precision.FLOAT32 ? script.run(scope, "like", x).singletonOrThrow() : y;
    sum.attach(scope);
    long octets = x.getShape().size() / OCTET;
    program.launch(
        "addResidual",
        Grid.of(octets),
        address(x),
        address(y),
        bias,
        address(sum),
        channels(x),
        octets);
    return sum;
  }

  @Override
  public void close() {
    program.close();
    workspace.close();
    script.close();
  }

  /**
   * Returns the address of a map. The engine gives it only for arrays that it considers contiguous.
   */
  private static long address(NDArray map) {
    try (NDArray asItLies = JniUtils.permute((PtNDArray) map, new long[] {0, 2, 3, 1})) {
      return DeviceAddress.of(asItLies);
    }
  }

  private static String of(Kind kind) {
    return kind == Kind.STREAM ? "OfStream" : "OfMap";
  }

  /** Returns the arguments of maps side by side: two addresses, and the channels of the first. */
  private static Object[] maps(List<NDArray> x) {
    Object beside = x.size() < MOST_MAPS ? Absent.ARRAY : address(x.get(1));
    return new Object[] {address(x.get(0)), beside, channels(x.get(0))};
  }

  private static Object[] shape(MapSize size) {
    return new Object[] {size.splits(), size.pixels(), size.channels()};
  }

  /** Returns a norm's arguments in the order of a kernel. */
  private static Object[] norm(Norm norm) {
    return new Object[] {
      norm.scale(),
      norm.shift(),
      orNull(norm.bias()),
      stride(norm.scale()),
      norm.bias().map(CudaNormActivationKernels::stride).orElse(0)
    };
  }

  private static Object orNull(Optional<NDArray> array) {
    return array.<Object>map(present -> present).orElse(Absent.ARRAY);
  }

  /**
   * Returns the distance between the numbers of two consecutive examples; 0 where they share them.
   */
  private static int stride(NDArray ofChannels) {
    Shape shape = ofChannels.getShape();
    return shape.dimension() == 1 || shape.get(0) == 1 ? 0 : Math.toIntExact(shape.get(1));
  }

  /** Returns the number of dropped values among 65,536. */
  private static int threshold(Dropout drop) {
    return (int) Math.round(drop.rate() * WORD);
  }

  /** Returns arguments one after another, those of arrays of arguments too. */
  private static Object[] arguments(Object... given) {
    List<Object> all = new ArrayList<>();
    for (Object each : given) {
      if (each instanceof Object[] several) {
        all.addAll(Arrays.asList(several));
      } else {
        all.add(each);
      }
    }
    return all.toArray();
  }
}
