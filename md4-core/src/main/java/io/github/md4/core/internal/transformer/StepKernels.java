// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.PinnedMemory;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.Inversion.Cut;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The beginning and the end of a step of sampling in kernels of our own, {@code step.cu}: inputs
 * come from the host's memory, and draws go there, without a call of a library between.
 *
 * <p>S views of E examples of N positions, B = S E; R rows of a view; F features of an example.
 */
public class StepKernels implements AutoCloseable {
  static final int THREADS = 256;
  static final int WARP = 32;
  private static final int MOST_THREADS = 1024;
  static final int OCTET = 8;
  static final int BEGINNING_BLOCKS = 4;

  /** What the kernels of a transformer are compiled for, which other networks do not call. */
  private static final Map<String, Integer> ANY_TRANSFORMER =
      Map.of("D", 64, "W", 64, "GATE", 0, "WIDE", 1);

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

  /**
   * @param constants of {@code fused.cu}
   */
  StepKernels(CudaDevice device, Nvrtc compiler, Map<String, Integer> constants) {
    this.device = device;
    this.program =
        CudaProgram.compileForHopper(
            compiler, device, KernelSource.behindNumbers("fused.cu", "step.cu"), constants);
  }

  /**
   * Returns the kernels of networks that compute their condition themselves; empty but on Hopper.
   */
  public static Optional<StepKernels> find(NDManager manager) {
    return CudaDevice.forKernels(manager)
        .filter(CudaDevice::isHopper)
        .flatMap(
            device ->
                Nvrtc.find().map(compiler -> new StepKernels(device, compiler, ANY_TRANSFORMER)));
  }

  final CudaProgram program() {
    return program;
  }

  /**
   * The host's side of steps of a size: the inputs of several steps and their draws, which steps
   * take by turns.
   */
  public final class Exchange implements AutoCloseable {
    private final StepSize size;
    final int features;
    final int bytesOfStep;
    private final int weights; // where those of tokens begin
    final PinnedMemory given;
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

  /**
   * Returns the host's side of steps.
   *
   * @param features F
   */
  public final Exchange exchange(StepSize size, int features) {
    return new Exchange(size, features);
  }

  /**
   * Takes the inputs over from the host.
   *
   * @param features takes those of the examples, float32 [B, F]
   * @param mask the mask's id, V
   */
  public final void take(Exchange exchange, StepInputs inputs, NDArray features, int mask) {
    program.launch(
        "takeStep",
        new Grid(Math.max(inputs.size.shownExamples(), BEGINNING_BLOCKS), THREADS, 1),
        taking(exchange, inputs, mask, features));
    program.launch("nextTurn", new Grid(1, 1, 1), MOST_STEPS, inputs.turns);
  }

  /**
   * Returns the arguments of a kernel that takes the inputs over.
   *
   * @param own what it has between the places of the inputs and their sizes
   */
  static Object[] taking(Exchange exchange, StepInputs inputs, int mask, Object... own) {
    StepSize size = inputs.size;
    Object[] places = {
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
      inputs.zt
    };
    Object[] sizes = {
      exchange.features,
      size.shownExamples(),
      size.length(),
      size.shownRows(),
      size.rows(),
      size.views(),
      mask,
      size.form().number,
      size.remasked()
    };
    return Stream.of(places, own, sizes).flatMap(Arrays::stream).toArray();
  }

  /**
   * Draws a token for each row, gives it to the host, and puts those that stay in their places for
   * the next step.
   *
   * @param logits [S R, V], padded
   */
  public final void draw(
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

  @Override
  public final void close() {
    program.close();
  }
}
