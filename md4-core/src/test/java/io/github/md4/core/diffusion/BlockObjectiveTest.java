// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class BlockObjectiveTest {
  private static final TokenSpace SPACE = new TokenSpace(5);
  private static final int MASK = SPACE.maskToken();
  private static final int[] X = {3, 1, 4, 1, 0, 2, 2};

  /** The loss of a position of a network that sees its own block and those before it. */
  private static double loss(int[] zt, int n, int size) {
    double sum = 0.3 + n;
    for (int i = 0; i < (n / size + 1) * size && i < zt.length; i++) {
      sum += (i + 2) * (zt[i] == MASK ? 1.7 : zt[i]);
    }
    return 1 + Math.sin(sum);
  }

  private static double value(Query query, int size) {
    return query.weight()
        * Arrays.stream(query.positions()).mapToDouble(n -> loss(query.zt(), n, size)).sum();
  }

  /** Returns the mean of the queries' values over all masks and a fine grid of v. */
  private static double mean(int size, int grid) {
    BlockObjective objective = new BlockObjective(SPACE, size);
    double mean = 0;
    for (int i = 0; i < grid; i++) {
      double v = (i + 0.5) / grid;
      Query all = objective.query(X, v, new double[X.length]);
      for (int subset = 0; subset < 1 << all.positions().length; subset++) {
        double[] u = new double[X.length];
        Arrays.fill(u, 1);
        for (int k = 0; k < all.positions().length; k++) {
          u[all.positions()[k]] = (subset >> k & 1) == 1 ? 0 : 1;
        }
        int masked = Integer.bitCount(subset);
        double t = all.time();
        double chance = Math.pow(t, masked) * Math.pow(1 - t, all.positions().length - masked);
        mean += chance * value(objective.query(X, v, u), size) / grid;
      }
    }
    return mean;
  }

  /**
   * Returns the bound in another way: a position is revealed when k of its block are masked, itself
   * among them, with the chance 1 / (number of the block), all sets of these alike.
   */
  private static double byOrders(int size) {
    double sum = 0;
    for (int first = 0; first < X.length; first += size) {
      int[] own = IntStream.range(Math.max(1, first), Math.min(X.length, first + size)).toArray();
      for (int subset = 1; subset < 1 << own.length; subset++) {
        int[] zt = X.clone();
        for (int k = 0; k < own.length; k++) {
          zt[own[k]] = (subset >> k & 1) == 1 ? MASK : zt[own[k]];
        }
        int k = Integer.bitCount(subset);
        double sets = 1; // own.length choose k
        for (int i = 0; i < k; i++) {
          sets = sets * (own.length - i) / (i + 1);
        }
        for (int n : own) {
          sum += zt[n] == MASK ? loss(zt, n, size) / (sets * k) : 0;
        }
      }
    }
    return sum;
  }

  /** The least time of 0.001 leaves that share of the integral out. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 7})
  void meanOverTimesAndMasks_isTheBoundByOrders(int size) {
    int blocks = (X.length + size - 1) / size;
    assertThat(mean(size, 20_000 * blocks))
        .isCloseTo(byOrders(size), within(2e-3 * byOrders(size)));
  }

  @Test
  void blocksOfOneToken_areExact() {
    double exact = 0;
    for (int n = 1; n < X.length; n++) {
      int[] zt = X.clone();
      zt[n] = MASK;
      exact += loss(zt, n, 1);
    }
    assertThat(mean(1, X.length)).isCloseTo(exact, within(1e-12 * exact));
  }

  @Test
  void query_masksItsBlockAloneAndNeverTheFirstToken() {
    BlockObjective objective = new BlockObjective(SPACE, 3);
    Query first = objective.query(X, 0.1, new double[X.length]);
    assertThat(first.positions()).containsExactly(1, 2);
    assertThat(first.zt()).containsExactly(3, MASK, MASK, MASK, MASK, MASK, MASK);
    Query last = objective.query(X, 0.99, new double[X.length]);
    assertThat(last.positions()).containsExactly(6);
    assertThat(last.zt()).containsExactly(3, 1, 4, 1, 0, 2, MASK);
    Query padded = objective.query(X, 0.99, new double[5]);
    assertThat(padded.positions()).containsExactly(3, 4);
  }

  @Test
  void time_goesFromAThousandthToOneInEachBlock() {
    BlockObjective objective = new BlockObjective(SPACE, 3);
    for (int block = 0; block < 3; block++) {
      double[] u = new double[X.length];
      assertThat(objective.query(X, block / 3.0 + 1e-12, u).time()).isCloseTo(1e-3, within(1e-9));
      assertThat(objective.query(X, (block + 1) / 3.0 - 1e-12, u).time())
          .isCloseTo(1, within(1e-9));
      assertThat(objective.query(X, (block + 0.5) / 3, u).weight())
          .isCloseTo(3 / 0.5005, within(1e-9));
    }
  }

  @Test
  void objective_saysWhatItsValueIs() {
    BlockObjective objective = new BlockObjective(SPACE, 3);
    assertThat(objective.terms(0.75).total()).isEqualTo(0.75);
    assertThat(objective).hasToString("block-diffusion");
    assertThat(objective.kind()).isEqualTo("upper bound, given the first token");
    assertThat(new BlockObjective(SPACE, 1).kind()).isEqualTo("exact, given the first token");
  }

  @Test
  void kind_isOfContinuousTimeAndLearnsNoNoise() {
    ObjectiveKind kind = new BlockObjective.Kind(3);
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear());
    assertThat(kind.of(SPACE, linear, new TimeAxis.Continuous()))
        .isEqualTo(new BlockObjective(SPACE, 3));
    assertThatThrownBy(() -> kind.of(SPACE, linear, new TimeAxis.Discrete(10)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(kind.learnsNoise()).isFalse();
    assertThatThrownBy(() -> ObjectiveKind.parse("block-diffusion(4, 5)"))
        .hasMessageContaining("objective must be block-diffusion(B)");
  }

  @Test
  void kind_isReadFromItsText() {
    ObjectiveKind kind = ObjectiveKind.parse("block-diffusion(16)");
    assertThat(kind).isEqualTo(new BlockObjective.Kind(16)).hasToString("block-diffusion(16)");
    assertThat(ObjectiveKind.parse("block-diffusion")).isEqualTo(new BlockObjective.Kind(4));
    assertThatThrownBy(() -> ObjectiveKind.parse("block-diffusion(0)"))
        .hasMessageContaining("objective must be block-diffusion(B)");
    assertThatThrownBy(() -> kind.check(new TimeAxis.Discrete(10)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
