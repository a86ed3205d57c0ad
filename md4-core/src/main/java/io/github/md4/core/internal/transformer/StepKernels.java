// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.PinnedMemory;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.TorchScript;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The beginning and the end of a step of sampling in kernels of our own, {@code step.cu}: inputs
 * come from the host's memory, and draws go there, without a call of a library between.
 *
 * <p>B examples of N positions, R rows, W head width, D width.
 */
public final class StepKernels implements AutoCloseable {
  private static final int THREADS = 256;
  private static final int WARP = 32;
  private static final int MOST_THREADS = 1024;
  private static final int OCTET = 8;
  private static final int BEGINNING_BLOCKS = 4;
  private static final int HEAD_WIDTH = 64;

  /** The numbers of a law: the temperature, and 1 where its own probabilities are told. */
  private static final int LAW = 2;

  /** The most steps whose inputs are written and whose draws are not yet read. */
  public static final int MOST_STEPS = 8;

  private final CudaDevice device;
  private final CudaProgram program;
  private final TransformerKernels.Options network;

  private StepKernels(CudaDevice device, Nvrtc compiler, FusedKernels.Options options) {
    this.device = device;
    this.network = options.network();
    Map<String, Integer> constants = new LinkedHashMap<>();
    constants.put("D", width());
    constants.put("W", network.headWidth());
    constants.put("GATE", network.activation().number);
    constants.put("WIDE", options.stream() == Precision.FLOAT32 ? 1 : 0);
    this.program =
        CudaProgram.compileForHopper(
            compiler,
            device,
            TorchScript.resource(StepKernels.class, "fused.cu")
                + TorchScript.resource(StepKernels.class, "step.cu"),
            constants);
  }

  /** Returns these kernels; empty on other cards and for other widths of heads. */
  static Optional<StepKernels> find(CudaDevice device, FusedKernels.Options options) {
    return options.network().headWidth() == HEAD_WIDTH && device.isHopper()
        ? Nvrtc.find().map(compiler -> new StepKernels(device, compiler, options))
        : Optional.empty();
  }

  private int width() {
    return network.heads() * network.headWidth();
  }

  /** The size of a step. */
  public record Size(int examples, int length, int rows) {
    public int positions() {
      return examples * length;
    }

    /**
     * Returns whether steps of this size make those of another one, too: with examples and rows
     * that nobody asks for, at most as many again.
     */
    public boolean serves(Size other) {
      return equals(other)
          || (length == other.length
              && isAtMostTwice(examples, other.examples)
              && isAtMostTwice(rows, other.rows)
              && rows < positions()
              && other.rows < other.positions());
    }

    private static boolean isAtMostTwice(int one, int other) {
      return one >= other && one <= 2 * other;
    }

    /**
     * Writes the inputs of a step, of which the last position is taken for rows that are missing,
     * and time features of zero for missing examples.
     *
     * @param isFirst whether the step takes the host's tokens
     */
    void write(
        ByteBuffer to, boolean isFirst, int[] asked, double[] u, float[] features, int width) {
      for (int r = 0; r < rows; r++) {
        to.putDouble(r < asked.length ? u[r] : 0);
      }
      to.putInt(asked.length).putInt(isFirst ? 1 : 0);
      for (int r = 0; r < rows; r++) {
        to.putInt(r < asked.length ? asked[r] : positions() - 1);
      }
      int first = 0;
      for (int b = 0; b < examples; b++) {
        for (; first < asked.length && asked[first] < b * length; first++) {}
        to.putInt(first);
      }
      to.putInt(rows);
      to.asFloatBuffer().put(features).put(new float[examples * width - features.length]);
    }
  }

  /**
   * The host's side of steps of a size: the inputs of several steps and their draws, which steps
   * take by turns.
   */
  public final class Exchange implements AutoCloseable {
    private final Size size;
    private final int bytesOfStep;
    private final PinnedMemory given;
    private final PinnedMemory drawn;
    private int next;

    private Exchange(Size size) {
      this.size = size;
      int ints = 2 + size.rows + size.examples + 1;
      int features = size.examples * network.headWidth();
      int bytes = (LAW + size.rows) * Double.BYTES + ints * Integer.BYTES + features * Float.BYTES;
      this.bytesOfStep = (bytes + Double.BYTES - 1) / Double.BYTES * Double.BYTES;
      int tokens = size.positions() * Integer.BYTES;
      this.given = new PinnedMemory(device, MOST_STEPS * bytesOfStep + tokens);
      this.drawn = new PinnedMemory(device, MOST_STEPS * 3 * size.rows * Double.BYTES);
    }

    /**
     * Writes the tokens of the next step, which is then a first one.
     *
     * @param zt tokens [B N], or of fewer examples
     */
    public void write(int[] zt) {
      given.bytes().clear().position(MOST_STEPS * bytesOfStep).asIntBuffer().put(zt);
    }

    /**
     * Writes the inputs of a step.
     *
     * @param ahead the number of steps between the next one and this, 0 for a first one; the draws
     *     of the one {@link #MOST_STEPS} before it have been read
     * @param rows ascending flat positions, at most R
     * @param u uniforms of the rows
     * @param features of the examples' times [B W], or of fewer examples
     * @param inversion the law of the tokens; its confidence is that of {@link #draw}
     */
    public void write(int ahead, int[] rows, double[] u, float[] features, Inversion inversion) {
      ByteBuffer to = given.bytes().clear();
      to.position(slot(ahead) * bytesOfStep);
      to.putDouble(inversion.temperature());
      to.putDouble(inversion.told() == Inversion.Told.OF_TOKENS ? 1 : 0);
      size.write(to, ahead == 0, rows, u, features, network.headWidth());
    }

    private int slot(int ahead) {
      return (next + ahead) % MOST_STEPS;
    }

    /** Writes inputs that any network takes: position 0 everywhere, token 0, features 0. */
    public void clear() {
      write(new int[size.positions()]);
      float[] features = new float[size.examples * network.headWidth()];
      write(0, new int[1], new double[1], features, Inversion.of(Confidence.PROBABILITY));
    }

    /** Returns tokens, probabilities and confidences of a step's first rows, [3, count]. */
    public double[] read(int ahead, int count) {
      double[] read = new double[3 * count];
      int first = slot(ahead) * 3 * size.rows;
      for (int i = 0; i < 3; i++) {
        drawn.bytes().asDoubleBuffer().position(first + i * size.rows).get(read, i * count, count);
      }
      return read;
    }

    /** Goes on after so many steps have run. */
    public void advance(int steps) {
      next = slot(steps);
    }

    @Override
    public void close() {
      given.close();
      drawn.close();
    }
  }

  /** Returns the host's side of steps. */
  public Exchange exchange(Size size) {
    return new Exchange(size);
  }

  /** The inputs of steps of a size on the device. */
  public static final class Inputs {
    private final Size size;
    private final NDArray turns;
    private final NDArray law;
    private final NDArray u;
    private final NDArray longRows;
    private final NDArray rows;
    private final NDArray starts;
    private final NDArray allStarts;
    private final NDArray zt;
    private final NDArray condition;
    private final NDArray modulation;
    private final Hidden stream;

    private Inputs(
        NDManager scope, Size size, int features, int modulation, int width, Hidden stream) {
      this.size = size;
      this.turns = scope.zeros(new Shape(3), DataType.INT32);
      this.law = scope.create(new Shape(LAW), DataType.FLOAT64);
      this.u = scope.create(new Shape(size.rows), DataType.FLOAT64);
      this.longRows = scope.create(new Shape(size.rows), DataType.INT64);
      this.rows = scope.create(new Shape(size.rows), DataType.INT32);
      this.starts = scope.create(new Shape(size.examples + 1), DataType.INT32);
      int[] all = new int[size.examples + 1];
      Arrays.setAll(all, b -> b * size.length);
      this.allStarts = scope.create(all);
      this.zt = scope.create(new Shape(size.examples, size.length), DataType.INT64);
      // DJL makes no bfloat16: each element is the memory of two.
      this.condition = scope.create(new Shape(size.examples, features / 2), DataType.INT32);
      Shape vectors = new Shape(size.examples, modulation / width, width / 2);
      this.modulation = scope.create(vectors, DataType.INT32);
      this.stream = stream;
    }

    /** Returns all positions as rows. */
    public Rows all() {
      return new Rows(size.examples, size.length, size.positions(), allStarts, Optional.empty());
    }

    /** Returns the asked rows. */
    public Rows asked() {
      return size.rows == size.positions()
          ? all()
          : new Rows(
              size.examples,
              size.length,
              size.rows,
              starts,
              Optional.of(new Rows.Chosen(longRows, rows)));
    }

    /** Returns the modulation's vectors [B, k, D]. */
    public FusedConditionKernels.Modulation modulation() {
      return FusedConditionKernels.frozen(modulation);
    }

    /** Returns the first values of the stream [B N, D]. */
    public Hidden stream() {
      return stream;
    }
  }

  /**
   * The weights that the beginning of a step reads.
   *
   * @param condition w1 [4 W, W], b1, w2 [W, 4 W], b2, float32
   * @param modulation w [k D, W] and bias
   * @param table of the stream's first values, float32 [V + 1, D]
   */
  public record Weights(NDList condition, Hidden modulation, Hidden bias, Hidden table) {}

  /**
   * Returns arrays for the inputs of steps; they belong to {@code scope}.
   *
   * @param stream the array for the first values of the stream [B N, D], in its type
   */
  public Inputs inputs(NDManager scope, Size size, Weights weights, Hidden stream) {
    int vectors = (int) weights.modulation.array.getShape().get(0);
    return new Inputs(scope, size, network.headWidth(), vectors, width(), stream);
  }

  /** Takes the inputs over from the host, and computes what precedes the first block. */
  public void begin(Exchange exchange, Inputs inputs, Weights weights) {
    Size size = inputs.size;
    NDList condition = weights.condition;
    program.launch(
        "beginStep",
        new Grid(Math.max(size.examples, BEGINNING_BLOCKS), 4 * network.headWidth(), 1),
        exchange.given,
        exchange.bytesOfStep,
        MOST_STEPS,
        inputs.turns,
        inputs.law,
        inputs.u,
        inputs.longRows,
        inputs.rows,
        inputs.starts,
        inputs.zt,
        condition.get(0),
        condition.get(1),
        condition.get(2),
        condition.get(3),
        inputs.condition,
        size.examples,
        size.length,
        size.rows);
    int vectors = (int) weights.modulation.array.getShape().get(0);
    int blocks = (vectors + THREADS - 1) / THREADS;
    int positionBlocks = (size.positions() + THREADS / WARP - 1) / (THREADS / WARP);
    program.launchEarly(
        "modulateAndEmbed",
        new Grid((long) blocks + positionBlocks, THREADS, 1),
        inputs.condition,
        weights.modulation.array,
        weights.bias.array,
        inputs.modulation,
        vectors,
        size.examples,
        inputs.zt,
        weights.table.array,
        inputs.stream.array,
        size.positions(),
        blocks,
        MOST_STEPS,
        inputs.turns);
  }

  /**
   * Draws a token for each row, gives it to the host, and puts it in its place for the next step.
   *
   * @param logits [R, V], padded
   */
  public void draw(
      Exchange exchange, Inputs inputs, Hidden logits, int vocabularySize, Confidence confidence) {
    int packs = (vocabularySize + OCTET - 1) / OCTET;
    int threads = Math.min(MOST_THREADS, (packs + WARP - 1) / WARP * WARP);
    program.launchEarly(
        "drawTokens",
        new Grid(inputs.size.rows, threads, 1),
        logits.array,
        inputs.law,
        inputs.u,
        exchange.drawn,
        vocabularySize,
        (int) logits.array.getShape().get(1),
        inputs.size.rows,
        confidence.code(),
        inputs.turns,
        inputs.rows,
        inputs.zt);
  }

  /** Writes the asked rows of x [B N, D] to {@code into} [R, D]. */
  void gather(NDArray x, Rows rows, NDArray into) {
    int columns = (int) x.getShape().get(1);
    program.launchEarly(
        "gatherRows",
        Grid.of((long) rows.count() * columns / OCTET),
        x,
        rows.chosen().orElseThrow().ints(),
        into,
        columns,
        rows.count());
  }

  @Override
  public void close() {
    program.close();
  }
}
