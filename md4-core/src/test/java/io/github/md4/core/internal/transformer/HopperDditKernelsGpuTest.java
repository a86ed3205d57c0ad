// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.network.RotaryAngles;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The DDiT kind's kernels of our own in bfloat16 against the same functions in float32. */
@Tag("gpu")
final class HopperDditKernelsGpuTest {
  private static final int VECTORS = 6;
  private static final int CONDITION = 40;
  private static final int FEATURES = 320;
  private static final int COLUMNS = 29;
  private static final int BLOCKS = 3;
  private static final int REPEATS = 20;
  private static final double EPSILON = 1e-5;

  /**
   * The error may exceed that of TorchScript in bfloat16, which rounds at almost all the places.
   */
  private static final double SPARE = 1.5;

  /** The error of what is float32 in both, but for another exponential function. */
  private static final double OF_FLOATS = 1e-5;

  /** Some ten roundings of 2^-9, one after another. */
  private static final double BOUND = 0.03;

  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("its kernels of the DDiT kind are");
  }

  private record Case(int heads, int headWidth, boolean isAdaptive, int examples, int length) {
    int width() {
      return heads * headWidth;
    }

    DditKernels.Options options(Precision precision) {
      return new DditKernels.Options(precision, heads, headWidth, EPSILON, isAdaptive, !isAdaptive);
    }
  }

  static List<Case> cases() {
    return List.of(
        new Case(2, 64, true, 3, 37),
        new Case(3, 64, false, 1, 300),
        new Case(2, 128, true, 2, 65),
        new Case(1, 128, false, 5, 1),
        new Case(12, 64, true, 1, 256),
        new Case(5, 64, true, 4, 200), // more rows than products of our own take
        new Case(8, 128, false, 1, 40));
  }

  /** Arrays of a precision, the same numbers in each. */
  private record Given(Case of, NDManager manager, TorchScript casts, Precision precision) {

    /** Returns numbers that bfloat16 has. */
    private NDArray numbers(String name, double centre, double scale, long... shape) {
      SplittableRandom random = new SplittableRandom(name.hashCode());
      float[] values = new float[Math.toIntExact(new Shape(shape).size())];
      for (int i = 0; i < values.length; i++) {
        double uniform = (random.nextInt() >> 8) * 0x1p-23; // from -1 to 1
        float value = (float) (centre + scale * Math.sqrt(3) * uniform);
        values[i] = Float.intBitsToFloat(Float.floatToIntBits(value) & 0xffff0000);
      }
      NDArray wide = manager.create(values, new Shape(shape));
      return precision == Precision.BFLOAT16
          ? casts.run(manager, "narrow", wide).singletonOrThrow()
          : wide;
    }

    private NDArray product(String name, int out, int in) {
      return numbers(name, 0, 1 / Math.sqrt(in), out, in);
    }

    private NDArray head() {
      return product("head", COLUMNS, of.width());
    }

    private NDArray bias(String name, int out) {
      return numbers(name, 0, 0.3, out);
    }

    private NDList withNorm(String name, NDArray... before) {
      NDList weights = new NDList(before);
      weights.add(numbers(name + ".norm", 1, 0.2, of.width()));
      if (!of.isAdaptive) {
        weights.add(bias(name + ".normBias", of.width()));
      }
      return weights;
    }

    private DditKernels.Block block(String name) {
      int width = of.width();
      int hidden = 4 * width;
      return new DditKernels.Block(
          modulation(name, VECTORS),
          withNorm(
              name + ".attention",
              product(name + ".qkv", 3 * width, width),
              product(name + ".out", width, width)),
          withNorm(
              name + ".feedForward",
              product(name + ".in", hidden, width),
              bias(name + ".inBias", hidden),
              product(name + ".outOf", width, hidden),
              bias(name + ".outBias", width)));
    }

    private NDList modulation(String name, int vectors) {
      int columns = vectors * of.width();
      return of.isAdaptive
          ? new NDList(
              product(name + ".modulation", columns, CONDITION), bias(name + ".shifts", columns))
          : new NDList();
    }

    private NDArray condition() {
      return floats(of.examples, CONDITION);
    }

    private NDArray features() {
      return floats(of.examples, FEATURES);
    }

    private NDArray floats(int rows, int columns) {
      float[] values = new float[rows * columns];
      Random random = new Random(columns);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return manager.create(values, new Shape(rows, columns));
    }

    private NDList dense() {
      return new NDList(
          product("dense1", CONDITION, FEATURES),
          bias("dense1.bias", CONDITION),
          product("dense2", CONDITION, CONDITION),
          bias("dense2.bias", CONDITION));
    }

    /** The stream is small, so that it hides no error of what is added to it. */
    private Hidden stream() {
      return new Hidden(numbers("stream", 0.02, 0.1, of.examples, of.length, of.width()));
    }

    private NDList places() {
      return new RotaryAngles(1e4, of.headWidth).tables(manager, of.length);
    }

    private NDList withAdded() {
      float[] added = new float[of.length * of.length];
      for (int i = 0; i < added.length; i++) {
        added[i] = i / of.length >= i % of.length ? 0 : -Float.MAX_VALUE;
      }
      return places()
          .addAll(new NDList(manager.create(added, new Shape(1, 1, of.length, of.length))));
    }

    /** Returns rows of all examples, not all of each. */
    private NDArray rows() {
      long positions = (long) of.examples * of.length;
      return manager.create(
          LongStream.range(0, positions).filter(i -> i % 3 != 1 || i == positions - 1).toArray());
    }

    /** Returns the results of all steps, by their names. */
    private Map<String, float[]> results(DditKernels kernels) {
      Map<String, float[]> results = new LinkedHashMap<>();
      DditKernels.Block block = block("a");
      NDArray condition = condition();
      Hidden m = kernels.modulation(manager, condition, block.modulation());
      if (of.isAdaptive) {
        results.put("condition", kernels.condition(manager, features(), dense()).toFloatArray());
        results.put("modulation", read(m));
      }
      Hidden h = stream();
      NDArray rows = rows();
      results.put("attention", read(kernels.attention(manager, h, m, block.attention(), places())));
      results.put(
          "attention with what is added",
          read(kernels.attention(manager, h, m, block.attention(), withAdded())));
      results.put("feed-forward", read(kernels.feedForward(manager, h, m, block.feedForward())));
      Hidden chosen = kernels.hiddenOfRows(manager, h, rows);
      results.put("chosen rows", read(chosen));
      Hidden ofRows = ofRows(kernels, m, rows, h);
      results.put(
          "feed-forward of rows",
          read(kernels.feedForward(manager, chosen, ofRows, block.feedForward())));
      Hidden ends = kernels.modulation(manager, condition, modulation("head", 2));
      NDList head = withNorm("head", head(), bias("last", COLUMNS));
      Hidden endsOfRows = ofRows(kernels, ends, rows, h);
      results.put("head", kernels.head(manager, chosen, endsOfRows, head).toFloatArray());
      results.put(
          "head of tokens", kernels.headOfTokens(manager, chosen, endsOfRows, head).toFloatArray());
      results.put("blocks", after(blocks(), kernels));
      return results;
    }

    private Hidden ofRows(DditKernels kernels, Hidden modulation, NDArray rows, Hidden h) {
      return of.isAdaptive ? kernels.modulationOfRows(manager, modulation, rows, h) : modulation;
    }

    private List<DditKernels.Block> blocks() {
      return IntStream.range(0, BLOCKS).mapToObj(i -> block("block" + i)).toList();
    }

    private float[] after(List<DditKernels.Block> blocks, DditKernels kernels) {
      Recording none = new Recording.None();
      return read(kernels.blocks(manager, stream(), condition(), blocks, places(), none));
    }

    private float[] read(Hidden hidden) {
      return HopperNumbers.wide(manager, casts, hidden.array);
    }
  }

  private static DditKernels kernels(NDManager manager, TorchScript casts, Case each) {
    Given given = new Given(each, manager, casts, Precision.BFLOAT16);
    FlatArrays head =
        FlatArrays.zeros(manager, List.of(new Shape(COLUMNS, each.width())), Precision.BFLOAT16);
    head.set(0, given.head());
    return HopperDditKernels.find(manager, each.options(Precision.BFLOAT16), head.padded(0).array)
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void steps_areAsNearToFloat32AsTorchScripts(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = HopperNumbers.casts(manager);
        DditKernels ours = kernels(manager, casts, each);
        DditKernels script = DditKernels.forInference(manager, each.options(Precision.BFLOAT16));
        DditKernels wide = DditKernels.forInference(manager, each.options(Precision.FLOAT32))) {
      Given narrow = new Given(each, manager, casts, Precision.BFLOAT16);
      Map<String, float[]> exact = new Given(each, manager, casts, Precision.FLOAT32).results(wide);
      Map<String, float[]> rounded = narrow.results(script);
      Map<String, float[]> found = narrow.results(ours);
      exact.forEach(
          (step, numbers) -> {
            double[] expected =
                IntStream.range(0, numbers.length).mapToDouble(i -> numbers[i]).toArray();
            double error = HopperNumbers.distance(found.get(step), expected);
            double scripts = HopperNumbers.distance(rounded.get(step), expected);
            double allowed = Math.max(SPARE * scripts, OF_FLOATS);
            assertThat(error).as(step).isLessThanOrEqualTo(allowed).isLessThan(BOUND);
          });
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void results_areTheSameEachTime(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = HopperNumbers.casts(manager);
        DditKernels ours = kernels(manager, casts, each)) {
      Given given = new Given(each, manager, casts, Precision.BFLOAT16);
      List<DditKernels.Block> blocks = given.blocks();
      float[] first = given.after(blocks, ours);
      for (int i = 1; i < REPEATS; i++) {
        assertThat(given.after(blocks, ours)).isEqualTo(first);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void rowsThatNobodyChose_haveNoResults(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = HopperNumbers.casts(manager);
        DditKernels ours = kernels(manager, casts, each)) {
      Given given = new Given(each, manager, casts, Precision.BFLOAT16);
      DditKernels.Block block = given.block("a");
      Hidden h = given.stream();
      Hidden m = ours.modulation(manager, given.condition(), block.modulation());
      NDArray none = manager.create(new long[0], new Shape(0));
      Hidden chosen = ours.hiddenOfRows(manager, h, none);
      Hidden ofRows = given.ofRows(ours, m, none, h);
      assertThat(ours.feedForward(manager, chosen, ofRows, block.feedForward()).array.getShape())
          .isEqualTo(new Shape(0, each.width()));
    }
  }
}
