// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.internal.transformer.HopperNumbers.casts;
import static io.github.md4.core.internal.transformer.HopperNumbers.distance;
import static io.github.md4.core.internal.transformer.HopperNumbers.random;
import static io.github.md4.core.internal.transformer.HopperNumbers.wide;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.TorchScript;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our attention against {@link NaiveAttention}, plain loops in double. */
@Tag("gpu")
final class HopperAttentionGpuTest {
  private static final int[] WIDTHS = {64, 128};
  private static final int SEED = 1234567;

  /** Two roundings to bfloat16, of probabilities and of results, each of 2^-9, and some spare. */
  private static final double ROUNDING = 4 * 0x1p-9;

  /**
   * @param width of a head
   */
  record Case(NaiveAttention.Shape shape, int width, boolean isCausal, double dropout) {}

  static Stream<Case> cases() {
    List<NaiveAttention.Shape> shapes =
        List.of(
            new NaiveAttention.Shape(2, 5, 3, 1),
            new NaiveAttention.Shape(2, 65, 4, 2),
            new NaiveAttention.Shape(1, 193, 2, 2),
            new NaiveAttention.Shape(1, 300, 2, 1),
            new NaiveAttention.Shape(34, 70, 3, 3)); // enough heads for one launch
    Stream<Case> all =
        ofWidths(
            shapes,
            (shape, width) ->
                Stream.of(
                    new Case(shape, width, false, 0),
                    new Case(shape, width, true, 0),
                    new Case(shape, width, false, 0.2),
                    new Case(shape, width, true, 0.2)));
    return Stream.concat(all, casesOfTheRing());
  }

  /** Heads enough for clusters of two, four and eight blocks, whose keys lengths nearly fill. */
  private static Stream<Case> casesOfTheRing() {
    List<NaiveAttention.Shape> shapes =
        List.of(
            new NaiveAttention.Shape(17, 250, 3, 3),
            new NaiveAttention.Shape(80, 256, 2, 2),
            new NaiveAttention.Shape(7, 449, 4, 4),
            new NaiveAttention.Shape(4, 1000, 3, 3),
            new NaiveAttention.Shape(2, 1024, 7, 7));
    return Stream.of(0.2, 0.0)
        .flatMap(dropout -> shapes.stream().map(shape -> new Case(shape, 64, false, dropout)));
  }

  private static Stream<Case> ofWidths(
      List<NaiveAttention.Shape> shapes,
      BiFunction<NaiveAttention.Shape, Integer, Stream<Case>> cases) {
    return IntStream.of(WIDTHS)
        .boxed()
        .flatMap(width -> shapes.stream().flatMap(shape -> cases.apply(shape, width)));
  }

  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("its attention is");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void outputAndGradients_areThoseOfPlainLoops(Case each) {
    NaiveAttention.Shape shape = each.shape;
    float[] qkv = random(shape.qkvSize(each.width), 1.5);
    float[] gradient = random(shape.outputSize(each.width), 1);
    NaiveAttention exact =
        new NaiveAttention(shape, each.width, each.isCausal, each.dropout, SEED).of(qkv, gradient);
    float[][] ours = computed(each, qkv, gradient);
    assertThat(distance(ours[0], exact.output())).as("output").isLessThan(ROUNDING);
    assertThat(distance(ours[1], exact.gradients())).as("gradients").isLessThan(ROUNDING);
    for (int run = 0; run < 3; run++) {
      assertThat(Arrays.deepEquals(computed(each, qkv, gradient), ours)).as("again").isTrue();
    }
  }

  /**
   * So many heads that multiprocessors outside of clusters of four and eight take some of them:
   * copies of one example, which plain loops can go through.
   */
  @ParameterizedTest
  @ValueSource(ints = {449, 1000})
  void gradientsOfManyHeads_areThoseOfPlainLoops(int length) {
    int copies = 48;
    assumeTrue(isShared(length, copies * 4), "this GPU's clusters leave no head to others");
    NaiveAttention.Shape one = new NaiveAttention.Shape(1, length, 4, 4);
    NaiveAttention.Shape many = new NaiveAttention.Shape(copies, length, 4, 4);
    float[] qkv = random(one.qkvSize(64), 1.5);
    float[] gradient = random(one.outputSize(64), 1);
    double[] exact = new NaiveAttention(one, 64, false, 0, SEED).of(qkv, gradient).gradients();
    Case each = new Case(many, 64, false, 0);
    float[] ours = computed(each, repeated(qkv, copies), repeated(gradient, copies))[1];
    for (int copy = 0; copy < copies; copy++) {
      float[] its = Arrays.copyOfRange(ours, copy * qkv.length, (copy + 1) * qkv.length);
      assertThat(distance(its, exact)).as("copy %d", copy).isLessThan(ROUNDING);
    }
    assertThat(computed(each, repeated(qkv, copies), repeated(gradient, copies))[1])
        .isEqualTo(ours);
  }

  /** Returns whether multiprocessors outside of clusters take some heads. */
  private static boolean isShared(int length, int heads) {
    Case each = new Case(new NaiveAttention.Shape(1, length, heads, heads), 64, false, 0);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        HopperAttention kernels =
            (HopperAttention)
                HopperAttention.find(new CudaDevice(0), options(each), pool).orElseThrow()) {
      try (HopperAttentionRing ring = kernels.ring().orElseThrow()) {
        return ring.share(length, 1).orElseThrow().heads() < heads;
      }
    }
  }

  private static float[] repeated(float[] x, int copies) {
    float[] all = new float[x.length * copies];
    for (int copy = 0; copy < copies; copy++) {
      System.arraycopy(x, 0, all, copy * x.length, x.length);
    }
    return all;
  }

  static Stream<Case> casesOfChosenQueries() {
    return ofWidths(
        List.of(
            new NaiveAttention.Shape(3, 5, 3, 1),
            new NaiveAttention.Shape(4, 300, 4, 2),
            new NaiveAttention.Shape(23, 300, 6, 6)), // enough tiles for blocks of 256 queries
        (shape, width) ->
            Stream.of(new Case(shape, width, false, 0), new Case(shape, width, false, 0.2)));
  }

  /** Examples with all rows, none, one, and some. */
  private static int[] chosen(NaiveAttention.Shape shape) {
    Random random = new Random(shape.length());
    double[] rates = {1, 0, 1.0 / shape.length(), 0.5, 0.9};
    return IntStream.range(0, shape.examples() * shape.length())
        .filter(row -> random.nextDouble() < rates[row / shape.length() % rates.length])
        .toArray();
  }

  @ParameterizedTest
  @MethodSource("casesOfChosenQueries")
  void outputAndGradientsOfChosenQueries_areThoseOfPlainLoops(Case each) {
    NaiveAttention.Shape shape = each.shape;
    int[] rows = chosen(shape);
    float[] qkv = random(shape.qkvSize(each.width), 1.5);
    float[] gradient = random(shape.outputSize(each.width), 1);
    NaiveAttention exact =
        new NaiveAttention(shape, each.width, false, each.dropout, SEED).of(qkv, gradient, rows);
    float[][] ours = computed(each, qkv, gradient, rows);
    int heads = shape.heads() * each.width;
    int columns = shape.columns() * each.width;
    double[] dq = taken(exact.gradients(), columns, 0, heads, rows);
    double[] dkv = taken(exact.gradients(), columns, heads, columns, all(shape));
    assertThat(distance(ours[0], taken(exact.output(), heads, 0, heads, rows)))
        .as("output")
        .isLessThan(ROUNDING);
    assertThat(distance(ours[1], dq)).as("queries").isLessThan(ROUNDING);
    assertThat(distance(ours[2], dkv)).as("keys and values").isLessThan(ROUNDING);
    assertThat(Arrays.deepEquals(computed(each, qkv, gradient, rows), ours)).isTrue();
  }

  private static int[] all(NaiveAttention.Shape shape) {
    return IntStream.range(0, shape.examples() * shape.length()).toArray();
  }

  /** Returns some columns of some rows. */
  private static double[] taken(double[] x, int columns, int from, int to, int[] rows) {
    return IntStream.of(rows)
        .mapToObj(row -> Arrays.stream(x, row * columns + from, row * columns + to))
        .flatMapToDouble(row -> row)
        .toArray();
  }

  private static float[] taken(float[] x, int columns, int from, int to, int[] rows) {
    FloatBuffer taken = FloatBuffer.allocate(rows.length * (to - from));
    IntStream.of(rows).forEach(row -> taken.put(x, row * columns + from, to - from));
    return taken.array();
  }

  /** What a number that is none touches becomes one; other examples and heads do not. */
  @ParameterizedTest
  @ValueSource(ints = {64, 128})
  void nan_staysInItsHead(int width) {
    NaiveAttention.Shape shape = new NaiveAttention.Shape(2, 70, 2, 2);
    float[] qkv = random(shape.qkvSize(width), 1.5);
    qkv[(70 + 7) * 6 * width + 2 * width + 5] =
        Float.NaN; // a key of the second example's first head
    float[] output =
        computed(new Case(shape, width, false, 0), qkv, random(shape.outputSize(width), 1))[0];
    for (int i = 0; i < output.length; i++) {
      boolean isTouched = i / (70 * 2 * width) == 1 && i / width % 2 == 0;
      assertThat(Float.isNaN(output[i])).isEqualTo(isTouched);
    }
  }

  /** Output and gradients, rounded to bfloat16. */
  private static float[][] computed(Case each, float[] qkv, float[] gradient) {
    NaiveAttention.Shape shape = each.shape;
    return with(
        each,
        (manager, kernels, casts) -> {
          NDArray x = narrow(manager, casts, qkv, shape);
          NDArray dy = narrow(manager, casts, gradient, shape);
          NDList rotary = NaiveAttention.rotary(manager, shape.length(), each.width);
          NDList forward = kernels.attend(manager, x, shape.length(), SEED);
          NDArray dx = kernels.attendBackward(manager, dy, x, forward, rotary, SEED);
          return new float[][] {wide(manager, casts, forward.get(0)), wide(manager, casts, dx)};
        });
  }

  /** Output and gradients by queries of chosen rows, then by keys and values of all. */
  private static float[][] computed(Case each, float[] qkv, float[] gradient, int[] chosen) {
    NaiveAttention.Shape shape = each.shape;
    int heads = shape.heads() * each.width;
    int columns = shape.columns() * each.width;
    return with(
        each,
        (manager, kernels, casts) -> {
          AttentionKernels.ChosenQueries ofChosen = kernels.chosenQueries().orElseThrow();
          Rows all = Rows.all(manager, Upload.plain(), shape.examples(), shape.length());
          Rows rows =
              Rows.of(
                  manager,
                  Upload.plain(),
                  Rows.OnHost.of(chosen, shape.examples(), shape.length()),
                  all);
          NDArray x = narrow(manager, casts, qkv, shape);
          NDArray q =
              HopperNumbers.narrow(
                  manager, casts, taken(qkv, columns, 0, heads, chosen), chosen.length);
          NDArray dy =
              HopperNumbers.narrow(
                  manager, casts, taken(gradient, heads, 0, heads, chosen), chosen.length);
          NDList rotary = NaiveAttention.rotary(manager, shape.length(), each.width);
          NDList forward = ofChosen.attend(manager, q, x, rows, SEED);
          NDList gradients =
              ofChosen.attendBackward(
                  manager,
                  dy,
                  new AttentionKernels.ChosenQueries.Given(q, x, rows, forward),
                  rotary,
                  SEED);
          return new float[][] {
            wide(manager, casts, forward.get(0)),
            wide(manager, casts, gradients.get(0)),
            taken(wide(manager, casts, gradients.get(1)), columns, heads, columns, all(shape))
          };
        });
  }

  /** What is done with the kernels. */
  private interface Use {
    float[][] of(NDManager manager, AttentionKernels kernels, TorchScript casts);
  }

  private static FusedKernels.Options options(Case each) {
    return new FusedKernels.Options(
        new TransformerKernels.Options(
            Precision.BFLOAT16,
            Activation.GLU,
            each.shape.heads(),
            each.shape.keyValueHeads(),
            each.width,
            each.isCausal,
            1e-5),
        new TransformerKernels.Dropout(0, 0, each.dropout),
        Precision.FLOAT32);
  }

  private static float[][] with(Case each, Use use) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        AttentionKernels kernels =
            HopperAttention.find(new CudaDevice(0), options(each), pool).orElseThrow();
        TorchScript casts = casts(manager)) {
      return use.of(manager, kernels, casts);
    }
  }

  private static NDArray narrow(
      NDManager manager, TorchScript casts, float[] values, NaiveAttention.Shape shape) {
    return HopperNumbers.narrow(manager, casts, values, shape.examples() * shape.length());
  }
}
