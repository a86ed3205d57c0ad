// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.internal.transformer.HopperAttentionRuns.SEED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.internal.transformer.HopperAttentionGpuTest.Case;
import io.github.md4.core.internal.transformer.NaiveAttention.Shape;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The dropout of our attention, probability by probability, against {@link NaiveDropout}: in the
 * forward and in each of the backward's gradients. What it is as noise, {@link NaiveDropoutTest}
 * says.
 *
 * <p>Where queries or keys are zero, all probabilities of a row are equal, and numbers that are
 * zero but for a one in each row of a block read them out.
 */
@Tag("gpu")
final class HopperAttentionDropoutGpuTest {
  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("the dropout of its attention is");
  }

  /** Whole heads and tiles of either width, then clusters of two, four and eight blocks. */
  static Stream<Case> cases() {
    return Stream.of(
        new Case(new Shape(2, 129, 2, 2), 64, false, 0.1),
        new Case(new Shape(2, 129, 2, 2), 128, false, 0.1),
        new Case(new Shape(35, 130, 3, 3), 64, false, 0.3),
        new Case(new Shape(17, 250, 3, 3), 64, false, 0.2),
        new Case(new Shape(7, 449, 4, 4), 64, false, 0.5),
        new Case(new Shape(4, 1000, 3, 3), 64, false, 0.05));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void keptProbabilities_areThoseOfPlainLoops(Case each) {
    Mask mask = new Mask(each);
    for (int begin = 0; begin < each.shape().length(); begin += each.width()) {
      // closed with each block, so that memory does not grow with the length
      try (HopperAttentionRuns runs = new HopperAttentionRuns(each)) {
        runs.doNotTurn();
        float[][] byValues = Given.ofValues(each, begin).results(runs);
        mask.check("forward", byValues[0], 0, 1, true, begin);
        mask.check("gradient by values", byValues[1], 2, 3, false, begin);
        // p (dp / (1 - rate) - delta) of kept ones, where dp is 1 and delta less than the former
        float[] byKeys = Given.ofKeys(each, begin).results(runs)[1];
        mask.check("gradient by queries", byKeys, 0, 3, true, begin);
        float[] byQueries = Given.ofQueries(each, begin).results(runs)[1];
        mask.check("gradient by keys", byQueries, 1, 3, false, begin);
      }
    }
  }

  /** Queries, keys and values, and the gradient by the output. */
  private record Given(Case each, float[] qkv, float[] gradient) {
    private static Given zeros(Case each) {
      return new Given(
          each,
          new float[each.shape().qkvSize(each.width())],
          new float[each.shape().outputSize(each.width())]);
    }

    /** All probabilities are equal; the output is what is kept of those of a block's keys. */
    static Given ofValues(Case each, int begin) {
      Given given = zeros(each);
      given.identity(given.qkv, 2, 3, begin);
      given.identity(given.gradient, 0, 1, begin);
      return given;
    }

    static Given ofKeys(Case each, int begin) {
      Given given = zeros(each).withOnes();
      given.identity(given.qkv, 1, 3, begin);
      return given;
    }

    static Given ofQueries(Case each, int begin) {
      Given given = zeros(each).withOnes();
      given.identity(given.qkv, 0, 3, begin);
      return given;
    }

    /** Lets each value and each gradient of an output be one in the first channel. */
    private Given withOnes() {
      int heads = each.shape().heads();
      for (int row = 0; row < each.shape().examples() * each.shape().length(); row++) {
        for (int head = 0; head < heads; head++) {
          qkv[(row * 3 * heads + 2 * heads + head) * each.width()] = 1;
          gradient[(row * heads + head) * each.width()] = 1;
        }
      }
      return this;
    }

    /** Lets the channel be one whose number is that of the position, from one on. */
    private void identity(float[] x, int part, int parts, int begin) {
      Shape shape = each.shape();
      int width = each.width();
      for (int example = 0; example < shape.examples(); example++) {
        for (int i = begin; i < Math.min(begin + width, shape.length()); i++) {
          for (int head = 0; head < shape.heads(); head++) {
            int row = example * shape.length() + i;
            x[((row * parts + part) * shape.heads() + head) * width + i - begin] = 1;
          }
        }
      }
    }

    float[][] results(HopperAttentionRuns runs) {
      return runs.read(runs.pass(qkv, gradient));
    }
  }

  /** The mask of plain loops. */
  private record Mask(Case each) {
    /**
     * Compares with the signs of numbers of rows by channels, which stand for positions from one
     * on.
     *
     * @param part the number among {@code parts} in a row: queries, keys, values
     * @param isByQueries whether rows are queries and channels keys
     */
    void check(String name, float[] x, int part, int parts, boolean isByQueries, int begin) {
      Shape shape = each.shape();
      int width = each.width();
      long threshold = NaiveDropout.threshold(each.dropout());
      int wrong = 0;
      for (int of = 0; of < shape.examples() * shape.heads(); of++) {
        NaiveDropout dropout = new NaiveDropout(SEED, of, threshold);
        int example = of / shape.heads();
        for (int i = 0; i < shape.length(); i++) {
          int row = (example * shape.length() + i) * parts + part;
          int at = (row * shape.heads() + of % shape.heads()) * width;
          for (int j = begin; j < Math.min(begin + width, shape.length()); j++) {
            boolean expected = isByQueries ? dropout.isKept(i, j) : dropout.isKept(j, i);
            wrong += x[at + j - begin] > 0 == expected ? 0 : 1;
          }
        }
      }
      assertThat(wrong).as("%s, positions from %d on", name, begin).isZero();
    }
  }
}
