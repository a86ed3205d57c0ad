// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The CUDA kernels of {@code maps.cu}, in bfloat16. */
final class CudaNormActivationKernels implements NormActivationKernels {
  private static final int THREADS = 256;
  private static final int OCTET = 8;
  private static final int BLOCKS_OF_MULTIPROCESSOR = 8;
  private static final int FEWEST_PIXELS = 32;
  private static final int MOMENTS = 2;
  private static final int BACKWARD_SUMS = 3;
  private static final double WORD = 0x1p16;
  private static final String SOURCE =
      """
      def floats(self: __torch__.M, x: Tensor, size: int) -> Tensor:
        return torch.empty([size], dtype=6, device=x.device)
      def activated(self: __torch__.M, x: Tensor, partials: int, groups: int) -> List[Tensor]:
        return [torch.empty_like(x, dtype=15), self.floats(x, partials), self.floats(x, groups)]
      def backward(self: __torch__.M, x: Tensor, partials: int) -> List[Tensor]:
        norm = torch.empty([3, x.size(0), x.size(1)], dtype=6, device=x.device)
        return [torch.empty_like(x), self.floats(x, partials), norm]
      def like(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.empty_like(x)
      """;

  private final CudaProgram program;
  private final TorchScript script;
  private final int blocks;

  /**
   * @param stream the type of the residual stream and of its gradient
   */
  CudaNormActivationKernels(NDManager parent, CudaDevice device, Nvrtc compiler, Precision stream) {
    this.script = TorchScript.load(parent, Map.of(), SOURCE);
    Map<String, Integer> constants = Map.of("WIDE", stream == Precision.FLOAT32 ? 1 : 0);
    this.program =
        CudaProgram.compile(
            compiler,
            device,
            TorchScript.resource(CudaNormActivationKernels.class, "maps.cu"),
            constants);
    this.blocks = BLOCKS_OF_MULTIPROCESSOR * device.multiprocessors();
  }

  /** The size of a map, and the number of blocks that share an example. */
  private record Size(int examples, int channels, int pixels, int splits) {
    Grid grid() {
      return new Grid((long) examples * splits, THREADS, 1);
    }

    int partials(int quantities) {
      return examples * splits * quantities * channels;
    }
  }

  private Size size(NDArray x) {
    Shape shape = x.getShape();
    int examples = Math.toIntExact(shape.get(0));
    int pixels = Math.toIntExact(shape.get(2) * shape.get(3));
    int most = Math.max(1, pixels / FEWEST_PIXELS);
    int splits = Math.min(most, (blocks + examples - 1) / examples);
    return new Size(examples, Math.toIntExact(shape.get(1)), pixels, splits);
  }

  @Override
  public Activated normActivate(NDManager scope, Kind kind, NDArray x, Norm norm, Dropout drop) {
    Size size = size(x);
    NDList made =
        script.run(
            scope,
            "activated",
            x,
            size.partials(MOMENTS),
            size.examples * UNetKernels.GROUPS * MOMENTS);
    try (NDArray partials = made.get(1)) {
      program.launch(
          "moments" + of(kind),
          size.grid(),
          address(x),
          partials,
          size.splits,
          size.pixels,
          size.channels);
      program.launch(
          "normActivate" + of(kind),
          size.grid(),
          arguments(
              List.of(address(x), partials),
              norm(norm),
              address(made.get(0)),
              made.get(2),
              drop.seed(),
              threshold(drop),
              new float[] {(float) UNetKernels.EPSILON},
              size.splits,
              size.pixels,
              size.channels));
    }
    return new Activated(made.get(0), made.get(2));
  }

  @Override
  public Gradients normActivateBackward(
      NDManager scope, NDArray da, Forward forward, Optional<NDArray> known) {
    NDArray x = forward.x();
    Size size = size(x);
    NDList made = script.run(scope, "backward", x, size.partials(BACKWARD_SUMS));
    List<Object> given = List.of(address(da), address(x), forward.activated().saved());
    Object[] norm = norm(forward.norm());
    long seed = forward.drop().seed();
    int threshold = threshold(forward.drop());
    try (NDArray partials = made.get(1)) {
      program.launch(
          "backwardSums" + of(forward.kind()),
          size.grid(),
          arguments(
              given, norm, partials, seed, threshold, size.splits, size.pixels, size.channels));
      program.launch(
          "normActivateBackward" + of(forward.kind()),
          size.grid(),
          arguments(
              given,
              norm,
              partials,
              known.<Object>map(CudaNormActivationKernels::address).orElse(Absent.ARRAY),
              address(made.get(0)),
              made.get(2),
              seed,
              threshold,
              size.splits,
              size.pixels,
              size.channels));
    }
    return new Gradients(made.get(0), made.get(2));
  }

  @Override
  public NDArray addResidual(NDManager scope, NDArray x, NDArray y, NDArray bias) {
    NDArray sum = script.run(scope, "like", x).singletonOrThrow();
    long octets = x.getShape().size() / OCTET;
    int channels = Math.toIntExact(x.getShape().get(1));
    program.launch(
        "addResidual",
        Grid.of(octets),
        address(x),
        address(y),
        bias,
        address(sum),
        channels,
        octets);
    return sum;
  }

  @Override
  public void close() {
    program.close();
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

  /** Returns a norm's arguments in the order of a kernel. */
  private static Object[] norm(Norm norm) {
    return new Object[] {
      norm.scale(),
      norm.shift(),
      norm.bias().<Object>map(present -> present).orElse(Absent.ARRAY),
      stride(norm.scale()),
      norm.bias().map(CudaNormActivationKernels::stride).orElse(0)
    };
  }

  /** Returns the distance between the numbers of two consecutive examples. */
  private static int stride(NDArray ofChannels) {
    Shape shape = ofChannels.getShape();
    return shape.dimension() == 1 ? 0 : Math.toIntExact(shape.get(1));
  }

  /** Returns the number of dropped values among 65,536. */
  private static int threshold(Dropout drop) {
    return (int) Math.round(drop.rate() * WORD);
  }

  private static Object[] arguments(List<Object> first, Object[] norm, Object... saved) {
    List<Object> all = new ArrayList<>(first);
    all.addAll(Arrays.asList(norm));
    all.addAll(Arrays.asList(saved));
    return all.toArray();
  }
}
