// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.Inversion.Cut;
import io.github.md4.core.internal.torch.Inversion.Told;
import io.github.md4.core.internal.torch.InvertedRows;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.transformer.StepKernels.GuidedLaw;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Draws of steps from logits that are given, against plain loops in double. */
@Tag("gpu")
final class StepKernelsGpuTest {
  private static final int WIDTH = 64;
  private static final int MODEL_WIDTH = 128;
  private static final int EXAMPLES = 3;
  private static final int LENGTH = 7;
  private static final int ROWS = 16;

  private static final List<Confidence> CONFIDENCES =
      List.of(Confidence.PROBABILITY, Confidence.MARGIN, Confidence.NEGATIVE_ENTROPY);

  private static final List<Told> TOLD = List.of(Told.OF_NETWORK, Told.OF_TOKENS);

  /** The flat positions that are asked for; other rows of the step are filled up. */
  private static final int[] ASKED = {0, 2, 5, 6, 8, 9, 13, 15, 16, 19, 20};

  /** What is masked before some of the second steps: some of what was drawn, and the last one. */
  private static final int[] MASKED = {1, 2, 13, 20};

  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("draws of steps are");
  }

  private static Stream<List<Cut>> cuts(int vocabularySize) {
    Cut tokens = new Cut(vocabularySize / 4, 1);
    Cut mass = new Cut(0, 0.8);
    return Stream.of(
        List.of(),
        List.of(new Cut(1, 1)),
        List.of(tokens),
        List.of(mass),
        List.of(new Cut(0, 1e-3)),
        List.of(new Cut(2 * vocabularySize, 1)),
        List.of(tokens, mass),
        List.of(mass, tokens));
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "27, 1", "1003, 1", "50257, 1", "2, 2", "27, 2", "1003, 2", "50257, 2"})
  void draws_areThoseOfPlainLoops(int vocabularySize, int views) {
    StepSize size = new StepSize(EXAMPLES, LENGTH, ROWS, views, StepRows.Form.GIVEN);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = HopperNumbers.casts(manager);
        FusedKernels fused = FusedKernels.findFrozen(manager, options()).orElseThrow()) {
      Steps steps = new Steps(manager, casts, fused, size, vocabularySize);
      int call = 0;
      for (List<Cut> cuts : cuts(vocabularySize).toList()) {
        for (double temperature : new double[] {1, 0, 0.6, 1.7}) {
          Confidence confidence = CONFIDENCES.get(call % 3);
          Told told = TOLD.get(call / 3 % 2);
          Inversion inversion = new Inversion(confidence, temperature, told, cuts);
          steps.check(new GuidedLaw(inversion, views == 1 ? 1 : 2.5 - call % 4), call);
          call++;
        }
      }
      steps.exchange.close();
    }
  }

  /** Of several blocks of positions, of one, and in two views; with examples that are missing. */
  @ParameterizedTest
  @CsvSource({"3, 7, 16, 1", "3, 700, 1501, 1", "2, 300, 420, 2", "1, 256, 192, 1"})
  void masks_areDrawnAndTheSurestStay(int examples, int length, int rows, int views) {
    StepSize size = new StepSize(examples, length, rows, views, StepRows.Form.MASKS);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = HopperNumbers.casts(manager);
        FusedKernels fused = FusedKernels.findFrozen(manager, options()).orElseThrow()) {
      Steps steps = new Steps(manager, casts, fused, size, 27);
      int call = 0;
      for (Confidence confidence : Confidence.values()) {
        GuidedLaw law = new GuidedLaw(Inversion.of(confidence), views == 1 ? 1 : 1.5);
        for (double divisor : new double[] {1, 0.3, Double.POSITIVE_INFINITY}) {
          steps.checkMasks(law, divisor, examples, call++);
          steps.checkMasks(law, divisor, (examples + 1) / 2, call++);
        }
      }
      steps.exchange.close();
    }
  }

  static FusedKernels.Options options() {
    TransformerKernels.Options network =
        new TransformerKernels.Options(
            Precision.BFLOAT16, Activation.GLU, MODEL_WIDTH / WIDTH, 2, WIDTH, false, 1e-5);
    return new FusedKernels.Options(network, TransformerKernels.Dropout.NONE, Precision.FLOAT32);
  }

  /** Steps of a size, whose logits are random and whose stream tells the tokens. */
  static final class Steps {
    private final NDManager manager;
    private final TorchScript casts;
    private final TransformerStepKernels kernels;
    final StepSize size;
    private final int vocabularySize;
    private final int stride;
    private final TransformerStepKernels.Weights weights;
    private final TransformerStepKernels.Start start;
    final StepKernels.Exchange exchange;
    final StepInputs inputs;

    Steps(
        NDManager manager,
        TorchScript casts,
        FusedKernels fused,
        StepSize size,
        int vocabularySize) {
      this.manager = manager;
      this.casts = casts;
      this.kernels = fused.steps().orElseThrow();
      this.size = size;
      this.vocabularySize = vocabularySize;
      this.stride = (vocabularySize + 63) / 64 * 64;
      NDList condition =
          new NDList(
              manager.zeros(new Shape(4 * WIDTH, WIDTH)),
              manager.zeros(new Shape(4 * WIDTH)),
              manager.zeros(new Shape(WIDTH, 4 * WIDTH)),
              manager.zeros(new Shape(WIDTH)));
      float[] none = new float[MODEL_WIDTH * WIDTH];
      float[] table = new float[(vocabularySize + 1) * MODEL_WIDTH];
      for (int i = 0; i < table.length; i++) {
        int token = i / MODEL_WIDTH;
        table[i] = token;
      }
      Hidden ofTokens = new Hidden(manager.create(table).reshape(new Shape(-1, MODEL_WIDTH)));
      this.weights =
          new TransformerStepKernels.Weights(
              condition,
              new Hidden(HopperNumbers.narrow(manager, casts, none, MODEL_WIDTH)),
              new Hidden(HopperNumbers.narrow(manager, casts, new float[MODEL_WIDTH], 1)),
              ofTokens);
      this.exchange = kernels.exchange(size, weights);
      this.inputs = new StepInputs(manager, size, vocabularySize);
      this.start =
          kernels.start(
              manager,
              size,
              weights,
              fused.inference().stream(manager, ofTokens, size.shownPositions()));
    }

    /** Checks the draws of a first step, and the tokens with which the next one begins. */
    void check(GuidedLaw law, int seed) {
      float[] shown = logits(seed);
      double[] u = new Noise(seed).uniforms(Purpose.SAMPLE, 0, 0, ASKED.length);
      u[3] = -1; // the likeliest
      try (NDManager scope = manager.newSubManager()) {
        Hidden logits = new Hidden(HopperNumbers.narrow(scope, casts, shown, size.shownRows()));
        int[] zt = new int[size.positions()];
        Arrays.fill(zt, vocabularySize);
        int[] without = zt.clone();
        without[1] = 1; // which is not asked for
        exchange.write(size.views() == 1 ? List.of(zt) : List.of(zt, without));
        StepRows rows = new StepRows.Given(ASKED, u);
        StepRows further = new StepRows.Given(ASKED, u, MASKED);
        step(0, rows, law, logits);
        step(1, seed % 2 == 0 ? rows : further, law, logits);
        double[] drawn = exchange.read(0, ASKED.length);
        double[] expected =
            new InvertedRows(
                    mixed(shown, law.scale(), ASKED.length), vocabularySize, law.inversion())
                .drawn(u);
        String which = law + " of V = " + vocabularySize;
        for (int i = 0; i < expected.length; i++) {
          assertThat(drawn[i])
              .as("%s: number %d", which, i)
              .isCloseTo(expected[i], within(1e-9 * Math.abs(expected[i]) + 1e-12));
        }
        for (int view = 0; view < size.views(); view++) {
          int[] next = (view == 0 ? zt : without).clone();
          for (int r = 0; r < ASKED.length; r++) {
            next[ASKED[r]] = (int) expected[r];
          }
          for (int position : seed % 2 == 0 ? new int[0] : MASKED) {
            next[position] = vocabularySize;
          }
          assertThat(tokens(view)).as(which).isEqualTo(next);
        }
        exchange.advance(2);
      }
    }

    /** Makes a step; without logits, its beginning. */
    void step(int ahead, StepRows rows, GuidedLaw law, Hidden logits) {
      List<float[]> features =
          IntStream.range(0, size.views())
              .mapToObj(v -> new float[size.examples() * WIDTH])
              .toList();
      exchange.write(ahead, rows, features, law);
      kernels.begin(exchange, inputs, start, weights, vocabularySize);
      if (ahead == 0 || rows.form() != StepRows.Form.GIVEN) {
        kernels.draw(exchange, inputs, logits, vocabularySize, law.inversion().confidence());
      }
      try (GpuTimeline.Mark mark = GpuTimeline.of(manager.getDevice()).orElseThrow().mark()) {
        mark.await();
      }
    }

    /**
     * Checks steps that draw at the masks that those before them left.
     *
     * @param examples the number of examples that are asked for
     */
    void checkMasks(GuidedLaw law, double divisor, int examples, int seed) {
      int length = size.length();
      int[] zt = masked(examples, seed);
      int[] without = zt.clone();
      IntStream.range(0, without.length).filter(i -> i % 5 == 0).forEach(i -> without[i] = 0);
      int[] other = without.clone(); // its masks are no rows unless the first view has them
      exchange.write(size.views() == 1 ? List.of(zt) : List.of(zt, other));
      float[] shown = logits(seed);
      String which = "%s, divisor %s, %d examples".formatted(law, divisor, examples);
      try (NDManager scope = manager.newSubManager()) {
        Hidden logits = new Hidden(HopperNumbers.narrow(scope, casts, shown, size.shownRows()));
        for (int step = 0; step < 4; step++) {
          MasksOfAStep masks = MasksOfAStep.of(zt, vocabularySize, examples, divisor, seed + step);
          step(step, masks.rows(), law, logits);
          int[] asked = masks.asked();
          double[] drawn = exchange.read(step, asked.length);
          int[] rows = Arrays.copyOf(inputs.rows.toIntArray(), asked.length);
          assertThat(rows).as(which).isEqualTo(asked);
          double[] u = Arrays.stream(asked).mapToDouble(i -> masks.rows().u()[i]).toArray();
          double[] placed = Arrays.copyOf(inputs.u.toDoubleArray(), asked.length);
          assertThat(placed).as(which).isEqualTo(u);
          double[] expected =
              new InvertedRows(
                      mixed(shown, law.scale(), asked.length), vocabularySize, law.inversion())
                  .drawn(u);
          for (int i = 0; i < expected.length; i++) {
            assertThat(drawn[i])
                .isCloseTo(expected[i], within(1e-9 * Math.abs(expected[i]) + 1e-12));
          }
          for (int r : masks.chosen(drawn)) {
            zt[asked[r]] = (int) drawn[r];
            other[asked[r]] = (int) drawn[r];
          }
        }
        MasksOfAStep last = MasksOfAStep.of(zt, vocabularySize, examples, divisor, seed);
        step(4, last.rows(), law, logits);
        assertThat(Arrays.copyOf(tokens(0), examples * length)).as(which).isEqualTo(zt);
        if (size.views() > 1) {
          assertThat(Arrays.copyOf(tokens(1), examples * length)).as(which).isEqualTo(other);
        }
        exchange.advance(5);
      }
    }

    /** Returns tokens, among them random masks, at most as many as there are rows. */
    private int[] masked(int examples, int seed) {
      int[] zt = new int[examples * size.length()];
      Arrays.fill(zt, 1);
      double[] u = new Noise(seed).uniforms(Purpose.SOURCE, 0, 0, zt.length);
      double share = 0.9 * size.rows() / size.positions();
      IntStream.range(0, zt.length)
          .filter(i -> u[i] < share)
          .limit(size.rows())
          .forEach(i -> zt[i] = vocabularySize);
      return zt;
    }

    /** Returns random logits of the rows of all views, [S R, stride]; the padding is large. */
    float[] logits(int seed) {
      float[] random = HopperNumbers.random(size.shownRows() * stride + seed, 3);
      float[] logits = new float[size.shownRows() * stride];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = i % stride < vocabularySize ? random[i + seed] : 100;
      }
      return logits;
    }

    /** Returns the logits of the first rows, [count, V]. */
    private float[] mixed(float[] shown, double scale, int count) {
      float[] mixed = new float[count * vocabularySize];
      for (int r = 0; r < count; r++) {
        for (int v = 0; v < vocabularySize; v++) {
          float with = shown[r * stride + v];
          float without = size.views() == 1 ? with : shown[(size.rows() + r) * stride + v];
          mixed[r * vocabularySize + v] =
              size.views() == 1 ? with : without + (with - without) * (float) scale;
        }
      }
      return mixed;
    }

    /** Returns the tokens of a view that the stream began with. */
    private int[] tokens(int view) {
      NDArray stream = start.stream().array;
      float[] all = stream.toFloatArray();
      int first = view * size.positions();
      return IntStream.range(first, first + size.positions())
          .map(position -> (int) all[position * MODEL_WIDTH])
          .toArray();
    }
  }
}
