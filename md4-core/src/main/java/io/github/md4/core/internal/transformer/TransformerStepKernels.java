// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.torch.Hidden;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The kernels of a transformer's steps, which compute what precedes its first block as they begin.
 *
 * <p>S views of E examples of N positions, B = S E; F features of an example, W head width, D
 * width.
 */
public final class TransformerStepKernels extends StepKernels {
  private static final int HEAD_WIDTH = 64;

  private final TransformerKernels.Options network;

  private TransformerStepKernels(CudaDevice device, Nvrtc compiler, FusedKernels.Options options) {
    super(device, compiler, constants(options));
    this.network = options.network();
  }

  private static Map<String, Integer> constants(FusedKernels.Options options) {
    Map<String, Integer> constants = new LinkedHashMap<>();
    constants.put("D", width(options.network()));
    constants.put("W", options.network().headWidth());
    constants.put("GATE", options.network().activation().number);
    constants.put("WIDE", options.stream() == Precision.FLOAT32 ? 1 : 0);
    return constants;
  }

  /** Returns these kernels; empty on other cards and for other widths of heads. */
  static Optional<TransformerStepKernels> find(CudaDevice device, FusedKernels.Options options) {
    return options.network().headWidth() == HEAD_WIDTH && device.isHopper()
        ? Nvrtc.find().map(compiler -> new TransformerStepKernels(device, compiler, options))
        : Optional.empty();
  }

  private static int width(TransformerKernels.Options network) {
    return network.heads() * network.headWidth();
  }

  /** Returns the host's side of steps. */
  public Exchange exchange(StepSize size, Weights weights) {
    return exchange(size, weights.features());
  }

  /**
   * The weights that the beginning of a step reads.
   *
   * @param condition w1 [4 W, F], b1, w2 [W, 4 W], b2, float32; F is W, or 2 W
   * @param modulation w [k D, W] and bias
   * @param table of the stream's first values, float32 [V + 1, D]
   */
  public record Weights(NDList condition, Hidden modulation, Hidden bias, Hidden table) {
    /** Returns F. */
    public int features() {
      return (int) condition.get(0).getShape().get(1);
    }
  }

  /**
   * What precedes the first block.
   *
   * @param condition activated, bfloat16 [B, W] as int32 [B, W / 2]
   * @param vectors of the modulation [B, k, D], likewise
   * @param stream its first values [B N, D], in its type
   */
  public record Start(NDArray condition, NDArray vectors, Hidden stream) {
    /** Returns the modulation's vectors [B, k, D]. */
    public FusedConditionKernels.Modulation modulation() {
      return FusedConditionKernels.frozen(vectors);
    }
  }

  /**
   * Returns arrays for what precedes the first block; they belong to {@code scope}.
   *
   * @param stream the array for the first values of the stream [B N, D], in its type
   */
  public Start start(NDManager scope, StepSize size, Weights weights, Hidden stream) {
    int examples = size.shownExamples();
    int vectors = (int) weights.modulation.array.getShape().get(0);
    int width = width(network);
    // DJL makes no bfloat16: each element is the memory of two.
    Shape ofCondition = new Shape(examples, network.headWidth() / 2);
    Shape ofVectors = new Shape(examples, vectors / width, width / 2);
    return new Start(
        scope.create(ofCondition, DataType.INT32), scope.create(ofVectors, DataType.INT32), stream);
  }

  /**
   * Takes the inputs over from the host, and computes what precedes the first block.
   *
   * @param mask the mask's id, V
   */
  public void begin(Exchange exchange, StepInputs inputs, Start start, Weights weights, int mask) {
    StepSize size = inputs.size;
    int examples = size.shownExamples();
    int positions = size.shownPositions();
    NDList condition = weights.condition;
    program()
        .launch(
            "beginStep",
            new Grid(Math.max(examples, BEGINNING_BLOCKS), 4 * network.headWidth(), 1),
            taking(
                exchange,
                inputs,
                mask,
                condition.get(0),
                condition.get(1),
                condition.get(2),
                condition.get(3),
                start.condition));
    int vectors = (int) weights.modulation.array.getShape().get(0);
    int blocks = (vectors + THREADS - 1) / THREADS;
    int positionBlocks = (positions + THREADS / WARP - 1) / (THREADS / WARP);
    program()
        .launchEarly(
            "modulateAndEmbed",
            new Grid((long) blocks + positionBlocks, THREADS, 1),
            start.condition,
            weights.modulation.array,
            weights.bias.array,
            start.vectors,
            vectors,
            examples,
            inputs.zt,
            weights.table.array,
            start.stream.array,
            positions,
            blocks,
            MOST_STEPS,
            inputs.turns);
  }

  /** Writes the asked rows of x [B N, D] to {@code into} [R, D]. */
  void gather(NDArray x, Rows rows, NDArray into) {
    int columns = (int) x.getShape().get(1);
    program()
        .launchEarly(
            "gatherRows",
            Grid.of((long) rows.count() * columns / OCTET),
            x,
            rows.chosen().orElseThrow().ints(),
            into,
            columns,
            rows.count());
  }
}
