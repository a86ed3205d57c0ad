// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.PinnedMemory;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.Inversion.Cut;
import io.github.md4.core.internal.torch.TorchScript;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The beginning and the end of a step of sampling in kernels of our own, {@code step.cu}: inputs
 * come from the host's memory, and draws go there, without a call of a library between.
 *
 * <p>S views of E examples of N positions, B = S E; R rows of a view; F features of an example, W
 * head width, D width.
 */
public final class StepKernels implements AutoCloseable {
  private static final int THREADS = 256;
  private static final int WARP = 32;
  private static final int MOST_THREADS = 1024;
  private static final int OCTET = 8;
  private static final int BEGINNING_BLOCKS = 4;
  private static final int HEAD_WIDTH = 64;

  /** The most cuts of a law. */
  public static final int MOST_CUTS = 2;

  /**
   * The numbers of a law: the temperature, 1 where its own probabilities are told, the scale of
   * guidance, and the bounds of its cuts.
   */
  static final int LAW = 3 + 2 * MOST_CUTS;

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

  /**
   * The host's side of steps of a size: the inputs of several steps and their draws, which steps
   * take by turns.
   */
  public final class Exchange implements AutoCloseable {
    private final StepSize size;
    private final int features;
    private final int bytesOfStep;
    private final int weights; // where those of tokens begin
    private final PinnedMemory given;
    private final PinnedMemory drawn;
    private int next;

    private Exchange(StepSize size, int features) {
      this.size = size;
      this.features = features;
      int bytes = LAW * Double.BYTES + size.bytes(features);
      this.bytesOfStep = (bytes + Double.BYTES - 1) / Double.BYTES * Double.BYTES;
      int tokens = (size.shownPositions() + 1) / 2 * 2 * Integer.BYTES;
      int weights = size.remasks() ? size.positions() * Double.BYTES : 0;
      this.weights = MOST_STEPS * bytesOfStep + tokens;
      this.given = new PinnedMemory(device, this.weights + weights);
      this.drawn = new PinnedMemory(device, MOST_STEPS * 3 * size.rows() * Double.BYTES);
    }

    /**
     * Writes the tokens of the next step, which is then a first one.
     *
     * @param views tokens of each view [E N], or of fewer examples
     */
    public void write(List<int[]> views) {
      for (int view = 0; view < views.size(); view++) {
        int first = MOST_STEPS * bytesOfStep + view * size.positions() * Integer.BYTES;
        given.bytes().clear().position(first).asIntBuffer().put(views.get(view));
      }
    }

    /**
     * Writes the inputs of a step.
     *
     * @param ahead the number of steps between the next one and this, 0 for a first one; the draws
     *     of the one {@link #MOST_STEPS} before it have been read
     * @param rows at most R
     * @param views features of the examples of each view [E F], or of fewer examples
     * @param law of the tokens; its confidence is that of {@link #draw}
     */
    public void write(int ahead, StepRows rows, List<float[]> views, GuidedLaw law) {
      ByteBuffer to = given.bytes().clear();
      to.position(slot(ahead) * bytesOfStep);
      law.write(to);
      size.write(to, ahead == 0, rows, views, features);
      if (ahead == 0 && size.remasks()) {
        writeWeights(rows.again().weights());
      }
    }

    private void writeWeights(double[] ofTokens) {
      given.bytes().clear().position(weights).asDoubleBuffer().put(ofTokens);
    }

    private int slot(int ahead) {
      return (next + ahead) % MOST_STEPS;
    }

    /** Writes inputs that any network takes: no rows but the added ones, token 0, features 0. */
    public void clear() {
      List<float[]> none = Collections.nCopies(size.views(), new float[0]);
      write(Collections.nCopies(size.views(), new int[size.positions()]));
      StepRows noRows = new StepRows.Given(new int[0], new double[0]);
      write(0, noRows, none, GuidedLaw.of(Inversion.of(Confidence.PROBABILITY)));
    }

    /** Returns tokens, probabilities and confidences of a step's first rows, [3, count]. */
    public double[] read(int ahead, int count) {
      double[] read = new double[3 * count];
      int first = slot(ahead) * 3 * size.rows();
      for (int i = 0; i < 3; i++) {
        int from = first + i * size.rows();
        drawn.bytes().asDoubleBuffer().position(from).get(read, i * count, count);
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

  /**
   * The law of a step's tokens, and the scale of the guidance of a second view.
   *
   * @param inversion with at most {@link #MOST_CUTS} cuts
   * @param scale the factor of the difference between the logits of the views
   */
  public record GuidedLaw(Inversion inversion, double scale) {
    /** Returns the law of a step of one view. */
    public static GuidedLaw of(Inversion inversion) {
      return new GuidedLaw(inversion, 1);
    }

    private void write(ByteBuffer to) {
      to.putDouble(inversion.temperature());
      to.putDouble(inversion.told() == Inversion.Told.OF_TOKENS ? 1 : 0);
      to.putDouble(scale);
      List<Cut> cuts = inversion.cuts();
      for (int c = 0; c < MOST_CUTS; c++) {
        Cut cut = c < cuts.size() ? cuts.get(c) : Cut.NONE;
        to.putDouble(cut.most()).putDouble(cut.share());
      }
    }
  }

  /** Returns the host's side of steps. */
  public Exchange exchange(StepSize size, Weights weights) {
    return new Exchange(size, weights.features());
  }

  /**
   * The weights that the beginning of a step reads.
   *
   * @param condition w1 [4 W, F], b1, w2 [W, 4 W], b2, float32; F is W, or 2 W
   * @param modulation w [k D, W] and bias
   * @param table of the stream's first values, float32 [V + 1, D]
   */
  public record Weights(NDList condition, Hidden modulation, Hidden bias, Hidden table) {
    private int features() {
      return (int) condition.get(0).getShape().get(1);
    }
  }

  /**
   * Returns arrays for the inputs of steps; they belong to {@code scope}.
   *
   * @param stream the array for the first values of the stream [B N, D], in its type
   * @param vocabularySize V
   */
  public StepInputs inputs(
      NDManager scope, StepSize size, Weights weights, Hidden stream, int vocabularySize) {
    int vectors = (int) weights.modulation.array.getShape().get(0);
    return new StepInputs(
        scope, size, network.headWidth(), vectors, width(), vocabularySize, stream);
  }

  /**
   * Takes the inputs over from the host, and computes what precedes the first block.
   *
   * @param mask the mask's id, V
   */
  public void begin(Exchange exchange, StepInputs inputs, Weights weights, int mask) {
    StepSize size = inputs.size;
    int examples = size.shownExamples();
    int positions = size.shownPositions();
    NDList condition = weights.condition;
    program.launch(
        "beginStep",
        new Grid(Math.max(examples, BEGINNING_BLOCKS), 4 * network.headWidth(), 1),
        exchange.given,
        exchange.bytesOfStep,
        MOST_STEPS,
        inputs.turns,
        inputs.law,
        inputs.u,
        inputs.noise,
        inputs.stay,
        inputs.least,
        inputs.weights,
        inputs.longRows,
        inputs.rows,
        inputs.starts,
        inputs.zt,
        condition.get(0),
        condition.get(1),
        condition.get(2),
        condition.get(3),
        inputs.condition,
        weights.features(),
        examples,
        size.length(),
        size.shownRows(),
        size.rows(),
        size.views(),
        mask,
        size.form().number,
        size.remasked());
    int vectors = (int) weights.modulation.array.getShape().get(0);
    int blocks = (vectors + THREADS - 1) / THREADS;
    int positionBlocks = (positions + THREADS / WARP - 1) / (THREADS / WARP);
    program.launchEarly(
        "modulateAndEmbed",
        new Grid((long) blocks + positionBlocks, THREADS, 1),
        inputs.condition,
        weights.modulation.array,
        weights.bias.array,
        inputs.modulation,
        vectors,
        examples,
        inputs.zt,
        weights.table.array,
        inputs.stream().array,
        positions,
        blocks,
        MOST_STEPS,
        inputs.turns);
  }

  /**
   * Draws a token for each row, gives it to the host, and puts those that stay in their places for
   * the next step.
   *
   * @param logits [S R, V], padded
   */
  public void draw(
      Exchange exchange,
      StepInputs inputs,
      Hidden logits,
      int vocabularySize,
      Confidence confidence) {
    int packs = (vocabularySize + OCTET - 1) / OCTET;
    int threads = Math.min(MOST_THREADS, (packs + WARP - 1) / WARP * WARP);
    program.launchEarly(
        "drawTokens",
        new Grid(inputs.size.rows(), threads, 1),
        logits.array,
        inputs.law,
        inputs.u,
        exchange.drawn,
        vocabularySize,
        (int) logits.array.getShape().get(1),
        inputs.size.rows(),
        inputs.size.views(),
        confidence.code(),
        inputs.turns,
        inputs.rows,
        inputs.zt,
        inputs.size.form().number,
        inputs.noise,
        inputs.ranks,
        inputs.tokens,
        inputs.tokenRanks,
        inputs.least,
        inputs.revealed);
    if (inputs.size.isOfMasks()) {
      keep(inputs);
    }
    if (inputs.size.remasks()) {
      maskAgain(exchange, inputs, vocabularySize);
    }
  }

  private void maskAgain(Exchange exchange, StepInputs inputs, int mask) {
    StepSize size = inputs.size;
    program.launchEarly(
        "maskAgain",
        new Grid(size.examples(), WARP, 1),
        exchange.given,
        exchange.bytesOfStep,
        inputs.weights,
        inputs.revealed,
        inputs.rows,
        inputs.turns,
        inputs.zt,
        size.examples(),
        size.length(),
        size.shownRows(),
        size.views(),
        mask,
        size.remasked());
  }

  private void keep(StepInputs inputs) {
    StepSize size = inputs.size;
    int parts = (size.length() + THREADS - 1) / THREADS;
    program.launchEarly(
        "keepSurest",
        new Grid((long) size.examples() * parts, THREADS, 1),
        inputs.ranks,
        inputs.tokens,
        inputs.rows,
        inputs.starts,
        inputs.stay,
        inputs.turns,
        inputs.zt,
        parts,
        size.rows(),
        size.views());
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
