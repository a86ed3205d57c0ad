// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.internal.transformer.HopperAttentionRuns.SEED;
import static io.github.md4.core.internal.transformer.HopperNumbers.distance;
import static io.github.md4.core.internal.transformer.HopperNumbers.error;
import static io.github.md4.core.internal.transformer.HopperNumbers.length;
import static io.github.md4.core.internal.transformer.HopperNumbers.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.BufferPool;
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

  /** Two roundings to bfloat16, of probabilities and of results, each of 2^-9, and some spare. */
  private static final double ROUNDING = 4 * 0x1p-9;

  /** The positions among which gradients of scores nearly cancel. */
  private static final int FEW = 16;

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
    check(each);
  }

  /** Tails of tiles of 64, 128 and 256 rows, and more rows than the ring's clusters hold. */
  static Stream<Case> casesOfLengths() {
    Stream<Case> narrow =
        Stream.of(
                new NaiveAttention.Shape(3, 1, 2, 2),
                new NaiveAttention.Shape(3, 2, 2, 1),
                new NaiveAttention.Shape(2, 63, 2, 2),
                new NaiveAttention.Shape(2, 64, 2, 1),
                new NaiveAttention.Shape(2, 127, 2, 1),
                new NaiveAttention.Shape(2, 128, 2, 2),
                new NaiveAttention.Shape(2, 129, 2, 1),
                new NaiveAttention.Shape(1, 256, 2, 2),
                new NaiveAttention.Shape(1, 257, 2, 1))
            .flatMap(shape -> all(shape, 64));
    Stream<Case> wide =
        Stream.of(
                new NaiveAttention.Shape(3, 1, 2, 1),
                new NaiveAttention.Shape(2, 64, 2, 1),
                new NaiveAttention.Shape(2, 129, 2, 2),
                new NaiveAttention.Shape(1, 513, 2, 1))
            .flatMap(shape -> all(shape, 128));
    Stream<Case> beyond =
        Stream.of(
            new Case(new NaiveAttention.Shape(1, 1153, 2, 1), 64, false, 0),
            new Case(new NaiveAttention.Shape(1, 1153, 2, 2), 64, true, 0.2),
            new Case(new NaiveAttention.Shape(1, 1024, 2, 2), 128, false, 0.2),
            new Case(new NaiveAttention.Shape(1, 1024, 2, 1), 128, true, 0),
            new Case(new NaiveAttention.Shape(1, 2049, 1, 1), 64, true, 0),
            new Case(new NaiveAttention.Shape(1, 2049, 2, 2), 64, false, 0.2));
    return Stream.of(narrow, wide, beyond).flatMap(cases -> cases);
  }

  private static Stream<Case> all(NaiveAttention.Shape shape, int width) {
    return Stream.of(false, true)
        .flatMap(
            isCausal -> Stream.of(0.0, 0.2).map(rate -> new Case(shape, width, isCausal, rate)));
  }

  @ParameterizedTest
  @MethodSource("casesOfLengths")
  void outputAndGradientsOfLengths_areThoseOfPlainLoops(Case each) {
    check(each);
  }

  private static void check(Case each) {
    NaiveAttention.Shape shape = each.shape;
    float[] qkv = random(shape.qkvSize(each.width), 1.5);
    float[] gradient = random(shape.outputSize(each.width), 1);
    NaiveAttention exact =
        new NaiveAttention(shape, each.width, each.isCausal, each.dropout, SEED).of(qkv, gradient);
    try (HopperAttentionRuns runs = new HopperAttentionRuns(each)) {
      HopperAttentionRuns.Pass pass = runs.pass(qkv, gradient);
      float[][] ours = runs.read(pass);
      assertThat(distance(ours[0], exact.output())).as("output").isLessThan(ROUNDING);
      assertGradients(each, ours[1], exact.gradients());
      runs.assertAlwaysTheSame(pass);
    }
  }

  private static void assertGradients(Case each, float[] ours, double[] exact) {
    NaiveAttention.Shape shape = each.shape;
    int queries = shape.heads() * each.width;
    int keys = queries + shape.keyValueHeads() * each.width;
    int columns = shape.columns() * each.width;
    int[] rows = all(shape);
    int[] ends = {0, queries, keys, columns};
    List<String> names = List.of("queries", "keys", "values");
    for (int part = 0; part < names.size(); part++) {
      float[] its = HopperAttentionRuns.taken(ours, columns, ends[part], ends[part + 1], rows);
      double[] exactly = taken(exact, columns, ends[part], ends[part + 1], rows);
      assertPart(names.get(part), its, exactly, exact, each);
    }
  }

  /**
   * Holds the gradients by queries, keys or values by themselves. Among few positions gradients of
   * scores are differences of nearly equal numbers: there the error is measured by the length of
   * all gradients.
   */
  private static void assertPart(
      String name, float[] ours, double[] exact, double[] ofAll, Case each) {
    double length = length(each.shape.length() < FEW ? ofAll : exact);
    assertThat(error(ours, exact) / length).as(name).isLessThan(ROUNDING);
  }

  /**
   * So many heads that multiprocessors outside of clusters of four and eight take some of them:
   * copies of one example, which plain loops can go through.
   */
  @ParameterizedTest
  @ValueSource(ints = {449, 1000})
  void gradientsOfManyHeads_areThoseOfPlainLoops(int length) {
    int copies = 48;
    Case each = new Case(new NaiveAttention.Shape(copies, length, 4, 4), 64, false, 0);
    assumeTrue(isShared(each), "this GPU's clusters leave no head to others");
    Case one = new Case(new NaiveAttention.Shape(1, length, 4, 4), 64, false, 0);
    float[] qkv = random(one.shape.qkvSize(64), 1.5);
    float[] gradient = random(one.shape.outputSize(64), 1);
    double[] exact =
        new NaiveAttention(one.shape, 64, false, 0, SEED).of(qkv, gradient).gradients();
    try (HopperAttentionRuns runs = new HopperAttentionRuns(each)) {
      HopperAttentionRuns.Pass pass = runs.pass(repeated(qkv, copies), repeated(gradient, copies));
      float[] ours = runs.read(pass)[1];
      for (int copy = 0; copy < copies; copy++) {
        float[] its = Arrays.copyOfRange(ours, copy * qkv.length, (copy + 1) * qkv.length);
        assertGradients(one, its, exact);
      }
      runs.assertAlwaysTheSame(pass);
    }
  }

  /** Returns whether multiprocessors outside of clusters take some heads. */
  private static boolean isShared(Case each) {
    NaiveAttention.Shape shape = each.shape;
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        BufferPool pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
        HopperAttention kernels = HopperAttentionRuns.find(each, pool);
        HopperAttentionRing ring = kernels.ring().orElseThrow()) {
      int heads = shape.examples() * shape.heads();
      return ring.share(shape.length(), shape.examples()).orElseThrow().heads() < heads;
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
  static int[] chosen(NaiveAttention.Shape shape) {
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
    int heads = shape.heads() * each.width;
    int half = shape.keyValueHeads() * each.width;
    int columns = heads + 2 * half;
    int[] all = all(shape);
    double[] gradients = exact.gradients();
    double[] dq = taken(gradients, columns, 0, heads, rows);
    double[] dk = taken(gradients, columns, heads, heads + half, all);
    double[] dv = taken(gradients, columns, heads + half, columns, all);
    try (HopperAttentionRuns runs = new HopperAttentionRuns(each)) {
      HopperAttentionRuns.Pass pass = runs.pass(qkv, gradient, rows);
      float[][] ours = runs.read(pass);
      float[] ourDk = HopperAttentionRuns.taken(ours[2], 2 * half, 0, half, all);
      float[] ourDv = HopperAttentionRuns.taken(ours[2], 2 * half, half, 2 * half, all);
      assertThat(distance(ours[0], taken(exact.output(), heads, 0, heads, rows)))
          .as("output")
          .isLessThan(ROUNDING);
      assertPart("queries", ours[1], dq, gradients, each);
      assertPart("keys", ourDk, dk, gradients, each);
      assertPart("values", ourDv, dv, gradients, each);
      runs.assertAlwaysTheSame(pass);
    }
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
}
