// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.internal.transformer.HopperAttentionRuns.SEED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.internal.transformer.HopperAttentionGpuTest.Case;
import io.github.md4.core.internal.transformer.NaiveAttention.Shape;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A number that is none, among queries, keys, values or gradients of the output: what plain loops
 * make none, our attention makes none as well. In other heads and examples no bit changes.
 *
 * <p>Nothing else becomes none, but for two places where zero is multiplied with what is not seen.
 * Causal attention computes in tiles: positions that lie in the same tile may become none as well.
 * The rows of chosen queries follow each other, and an example's last tile reaches into the rows of
 * the next examples: the gradients by keys and values of examples before may become none as well.
 */
@Tag("gpu")
final class HopperAttentionNanGpuTest {
  /** Rows that no causal kernel computes together with rows of another such tile. */
  private static final int TILE = 256;

  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("NaN in its attention is");
  }

  static Stream<Case> cases() {
    Stream<Case> few =
        widthsAndDropouts()
            .flatMap(
                of ->
                    Stream.of(
                        new Case(new Shape(2, 70, 4, 2), of.width(), false, of.dropout()),
                        new Case(new Shape(2, 70, 4, 2), of.width(), true, of.dropout()),
                        new Case(new Shape(1, 600, 4, 2), of.width(), true, of.dropout()),
                        new Case(new Shape(70, 70, 3, 3), of.width(), false, of.dropout())));
    Stream<Case> ring = // where clusters take one head after another
        Stream.of(
            new Case(new Shape(80, 256, 2, 2), 64, false, 0.2),
            new Case(new Shape(13, 449, 4, 4), 64, false, 0),
            new Case(new Shape(13, 449, 4, 4), 64, false, 0.2),
            new Case(new Shape(8, 1000, 3, 3), 64, false, 0),
            new Case(new Shape(8, 1000, 3, 3), 64, false, 0.2));
    return Stream.concat(few, ring);
  }

  static Stream<Case> casesOfChosenQueries() {
    return widthsAndDropouts()
        .map(of -> new Case(new Shape(4, 300, 4, 2), of.width(), false, of.dropout()));
  }

  private record WidthAndDropout(int width, double dropout) {}

  private static Stream<WidthAndDropout> widthsAndDropouts() {
    return Stream.of(64, 128)
        .flatMap(width -> Stream.of(0.0, 0.2).map(rate -> new WidthAndDropout(width, rate)));
  }

  /** What is given to a pass. */
  private record Given(float[] qkv, float[] gradient) {
    static Given random(Case each) {
      return new Given(
          HopperNumbers.random(each.shape().qkvSize(each.width()), 1.5),
          HopperNumbers.random(each.shape().outputSize(each.width()), 1));
    }

    Given with(Case each, Place place) {
      float[] qkv = this.qkv.clone();
      float[] gradient = this.gradient.clone();
      int row = place.example * each.shape().length() + place.position;
      if (place.what == What.GRADIENT) {
        gradient[(row * each.shape().heads() + place.head) * each.width() + place.channel] =
            Float.NaN;
      } else {
        int head = place.column(each.shape());
        qkv[(row * each.shape().columns() + head) * each.width() + place.channel] = Float.NaN;
      }
      return new Given(qkv, gradient);
    }
  }

  private enum What {
    QUERY,
    KEY,
    VALUE,
    GRADIENT
  }

  /**
   * @param head of queries, or one of those that share a head of keys
   */
  private record Place(What what, int example, int head, int position, int channel) {
    /** Returns the head's place among those of queries, keys and values. */
    int column(Shape shape) {
      return switch (what) {
        case QUERY, GRADIENT -> head;
        case KEY -> shape.heads() + keyHead(shape);
        case VALUE -> shape.heads() + shape.keyValueHeads() + keyHead(shape);
      };
    }

    int keyHead(Shape shape) {
      return head * shape.keyValueHeads() / shape.heads();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void nan_reachesWhatItReachesInPlainLoops(Case each) {
    Shape shape = each.shape();
    Given clean = Given.random(each);
    int[] all = IntStream.range(0, shape.examples() * shape.length()).toArray();
    try (HopperAttentionRuns runs = new HopperAttentionRuns(each)) {
      float[][] without = runs.read(runs.pass(clean.qkv, clean.gradient));
      for (What what : What.values()) {
        int example = shape.examples() / 2;
        Place place =
            new Place(what, example, shape.heads() / 2, shape.length() / 2, each.width() - 3);
        Given given = clean.with(each, place);
        float[][] ours = runs.read(runs.pass(given.qkv, given.gradient));
        Expected expected = Expected.of(each, given, place, all);
        Wide output = new Wide("output", shape.heads(), without[0], ours[0]);
        Wide gradients = new Wide("gradients", shape.columns(), without[1], ours[1]);
        BiPredicate<Integer, Integer> inTile =
            (row, column) ->
                each.isCausal() && row % shape.length() / TILE == place.position / TILE;
        check(each, place, output, expected.output, all, inTile);
        check(each, place, gradients, expected.gradients, all, inTile);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("casesOfChosenQueries")
  void nanOfChosenQueries_reachesWhatItReachesInPlainLoops(Case each) {
    Shape shape = each.shape();
    Given clean = Given.random(each);
    int[] rows = HopperAttentionGpuTest.chosen(shape);
    int[] all = IntStream.range(0, shape.examples() * shape.length()).toArray();
    try (HopperAttentionRuns runs = new HopperAttentionRuns(each)) {
      float[][] without = runs.read(runs.pass(clean.qkv, clean.gradient, rows));
      for (int example : new int[] {0, 3}) {
        int position = chosenPosition(rows, example, shape);
        for (What what : What.values()) {
          Place place = new Place(what, example, 1, position, each.width() - 3);
          Given given = clean.with(each, place);
          float[][] ours = runs.read(runs.pass(given.qkv, given.gradient, rows));
          Expected expected = Expected.of(each, given, place, rows);
          BiPredicate<Integer, Integer> before =
              (row, column) -> row / shape.length() < example && column == place.keyHead(shape);
          BiPredicate<Integer, Integer> none = (row, column) -> false;
          int heads = shape.heads();
          check(
              each,
              place,
              new Wide("output", heads, without[0], ours[0]),
              expected.output,
              rows,
              none);
          check(
              each,
              place,
              new Wide("queries", heads, without[1], ours[1]),
              expected.columns(0, heads),
              rows,
              none);
          check(
              each,
              place,
              new Wide("keys and values", 2 * shape.keyValueHeads(), without[2], ours[2]),
              expected.columns(heads, shape.columns()),
              all,
              (row, column) -> before.test(row, column % shape.keyValueHeads()));
        }
      }
    }
  }

  /** Returns the position of a chosen row in the middle of those of an example. */
  private static int chosenPosition(int[] rows, int example, Shape shape) {
    int[] its = IntStream.of(rows).filter(row -> row / shape.length() == example).toArray();
    return its[its.length / 2] % shape.length();
  }

  /** Rows of heads, as computed without and with the number that is none. */
  private record Wide(String name, int heads, float[] without, float[] with) {}

  /**
   * @param rows the positions of ours, counted over all examples
   * @param mayBe the rows and heads where numbers may be none that are some in plain loops
   */
  private static void check(
      Case each,
      Place place,
      Wide ours,
      Expected.Nans expected,
      int[] rows,
      BiPredicate<Integer, Integer> mayBe) {
    int width = each.width();
    int length = each.shape().length();
    assertThat(ours.with).hasSize(rows.length * ours.heads * width);
    int wrong = 0;
    StringBuilder first = new StringBuilder();
    for (int i = 0; i < ours.with.length; i++) {
      int row = rows[i / (ours.heads * width)];
      int head = i / width % ours.heads;
      boolean isOfExample = row / length == place.example;
      boolean isNan = Float.isNaN(ours.with[i]);
      boolean isTouched = isOfExample && expected.isNanIn(head);
      boolean isExpected = isTouched && expected.is(row % length, head, i % width);
      boolean isSame = Float.floatToIntBits(ours.with[i]) == Float.floatToIntBits(ours.without[i]);
      boolean isAllowed = (isTouched || !isOfExample) && mayBe.test(row, head);
      boolean isRight = isExpected ? isNan : isAllowed || (isTouched ? !isNan : isSame);
      if (!isRight && wrong++ < 5) {
        first.append(
            " row %d, head %d, channel %d: %s, was %s;"
                .formatted(row, head, i % width, ours.with[i], ours.without[i]));
      }
    }
    assertThat(wrong).as("%s with NaN at %s:%s", ours.name, place, first).isZero();
  }

  /** What plain loops make none in the example and the heads that a NaN can reach. */
  private record Expected(Nans output, Nans gradients) {
    /**
     * @param heads the heads' numbers in the whole, of those that were computed
     * @param values [L, heads, W]
     */
    private record Nans(List<Integer> heads, double[] values, int width, Set<Integer> isNanIn) {
      static Nans of(List<Integer> heads, double[] values, int width) {
        Set<Integer> found = new HashSet<>();
        for (int i = 0; i < values.length; i++) {
          if (Double.isNaN(values[i])) {
            found.add(heads.get(i / width % heads.size()));
          }
        }
        return new Nans(heads, values, width, found);
      }

      boolean isNanIn(int head) {
        return isNanIn.contains(head);
      }

      boolean is(int position, int head, int channel) {
        int at = heads.indexOf(head);
        return Double.isNaN(values[(position * heads.size() + at) * width + channel]);
      }
    }

    /** Computes the heads that share the keys of the place's. */
    static Expected of(Case each, Given given, Place place, int[] rows) {
      Shape shape = each.shape();
      int width = each.width();
      int group = shape.heads() / shape.keyValueHeads();
      int first = place.keyHead(shape) * group;
      List<Integer> heads = IntStream.range(first, first + group).boxed().toList();
      int key = shape.heads() + place.keyHead(shape);
      int value = key + shape.keyValueHeads();
      List<Integer> columns = Stream.concat(heads.stream(), Stream.of(key, value)).toList();
      Shape one = new Shape(1, shape.length(), group, 1);
      int begin = place.example * shape.length();
      int[] its =
          IntStream.of(rows)
              .filter(row -> row / shape.length() == place.example)
              .map(row -> row - begin)
              .toArray();
      NaiveAttention plain =
          new NaiveAttention(one, width, each.isCausal(), each.dropout(), SEED)
              .of(
                  part(given.qkv, begin, shape.length(), shape.columns() * width, columns, width),
                  part(given.gradient, begin, shape.length(), shape.heads() * width, heads, width),
                  its);
      return new Expected(
          Nans.of(heads, plain.output(), width), Nans.of(columns, plain.gradients(), width));
    }

    /** Returns the gradients' columns from one on, counted from there. */
    Nans columns(int from, int to) {
      int width = gradients.width;
      int all = gradients.heads.size();
      int[] at =
          IntStream.range(0, all)
              .filter(i -> gradients.heads.get(i) >= from && gradients.heads.get(i) < to)
              .toArray();
      int rows = gradients.values.length / (all * width);
      double[] values = new double[rows * at.length * width];
      for (int i = 0; i < values.length; i++) {
        int row = i / (at.length * width);
        values[i] = gradients.values[(row * all + at[i / width % at.length]) * width + i % width];
      }
      List<Integer> heads = Arrays.stream(at).mapToObj(i -> gradients.heads.get(i) - from).toList();
      return Nans.of(heads, values, width);
    }

    private static float[] part(
        float[] x, int begin, int length, int columns, List<Integer> heads, int width) {
      float[] part = new float[length * heads.size() * width];
      for (int i = 0; i < part.length; i += width) {
        int row = begin + i / (heads.size() * width);
        int from = row * columns + heads.get(i / width % heads.size()) * width;
        System.arraycopy(x, from, part, i, width);
      }
      return part;
    }
  }
}
