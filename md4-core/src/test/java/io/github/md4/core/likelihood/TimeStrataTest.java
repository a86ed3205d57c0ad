// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withPrecision;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class TimeStrataTest {

  private static TimeStrata of(double[] nats, long[] tokens) {
    TimeStrata single = TimeStrata.single(nats.length);
    for (int d = 0; d < nats.length; d++) {
      single.nats()[d][0] = nats[d];
      single.tokens()[d][0] = tokens[d];
    }
    return single;
  }

  @Test
  void error_ofEqualUnitsIsThatOfAMean() {
    double[] nats = {1, 5, 6, 2, 3, 4, 9, 2, 4, 4};
    StandardError error = of(nats, LongArrays.filled(10, 2)).error();
    // Mean 4, squared deviations 9 + 1 + 4 + 4 + 1 + 25 + 4 = 48 over 9 and over 10, of 2 tokens.
    assertThat(error.value()).isCloseTo(Math.sqrt(48.0 / 9 / 10) / 2, within(1e-15));
    assertThat(error.degreesOfFreedom()).isEqualTo(9);
    // The quantile of 9 degrees at 0.975, of tables.
    double width = 2.262157 * error.value();
    assertThat(error.interval(2).low()).isCloseTo(2 - width, within(1e-6));
    assertThat(error.interval(2).high()).isCloseTo(2 + width, within(1e-6));
  }

  /** Leaving out each unit in turn is another way to the same number. */
  @Test
  void error_ofUnequalUnitsIsTheJackknife() {
    double[] nats = {1, 5, 6, 2, 3};
    long[] tokens = {1, 2, 5, 1, 0};
    double squares = 0;
    for (int left = 0; left < 4; left++) {
      int without = left;
      double sum = IntStream.range(0, 4).filter(d -> d != without).mapToDouble(d -> nats[d]).sum();
      double size = 9 - tokens[left];
      squares += Math.pow(sum / size - 14.0 / 9, 2) * 3 / 4;
    }
    StandardError error = of(new double[] {1, 5, 6, 2}, new long[] {1, 2, 5, 1}).error();
    assertThat(error.value()).isCloseTo(Math.sqrt(squares), within(1e-14));
    // Weights 1, 4, 25, 1: 31^2 / 643 of 4 units; three of four are free.
    assertThat(error.degreesOfFreedom()).isEqualTo((long) (961.0 / 643 * (4 - 1) / 4));
    nats[4] = 0;
    assertThat(of(nats, tokens).error()).isEqualTo(error);
  }

  /** A unit without tokens is no unit: it would make less than one degree of freedom one. */
  @Test
  void degreesOfFreedom_areOfUnitsWithTokens() {
    // Weights 4 and 9: 13^2 / 97 of 2 units, one of two free.
    assertThat(of(new double[] {1, 5}, new long[] {2, 3}).error().degreesOfFreedom()).isZero();
    assertThat(of(new double[] {1, 5, 0}, new long[] {2, 3, 0}).error().degreesOfFreedom())
        .isZero();
  }

  @Test
  void deviations_areThoseOfUnitsAtTheirFirstDocumentWithTokens() {
    TimeStrata strata = TimeStrata.empty(new int[] {0, 0, 1, 1, 2}, 1);
    double[] nats = {0, 5, 3, 0, 4};
    for (int d = 0; d < nats.length; d++) {
      if (nats[d] > 0) {
        strata.count(d, 0);
        strata.add(d, 0, nats[d]);
      }
    }
    UnitLosses.Runs runs = strata.runs(new long[] {0, 1, 1, 0, 1}, 2);
    // The mean is 4, a third of it each unit's own: 1 and -1 times 3 / 2, over two passes.
    assertThat(runs.deviations())
        .containsExactly(
            new double[] {Double.NaN, 0.75, -0.75, Double.NaN, 0}, withPrecision(1e-15));
    assertThat(runs.degreesOfFreedom()).isEqualTo(2);
  }

  @Test
  void error_leavesOutWhatTimesExplain() {
    TimeStrata strata = TimeStrata.empty(IntStream.range(0, 24).toArray(), 16);
    for (int d = 0; d < 24; d++) {
      double v = d % 2 == 0 ? 0.49 : 0.5;
      strata.count(d, v);
      strata.add(d, v, (d % 2 == 0 ? 7 : 3) + (d % 4 < 2 ? 0.5 : -0.5));
    }
    // 12 units a stratum, each half a nat off: 1 / 12 weighs in its own mean.
    assertThat(strata.error().value())
        .isCloseTo(Math.sqrt(24 * 0.25 * 23 / 24) * 12 / 11 / 24, within(1e-15));
    assertThat(strata.error().degreesOfFreedom()).isEqualTo(22);
    assertThat(strata.minus(strata).error().value()).isZero();
  }

  /** A unit alone in its stratum says nothing of its spread, and takes nothing from the others. */
  @Test
  void error_leavesOutWhatIsAloneInItsStratum() {
    TimeStrata strata = TimeStrata.empty(new int[] {0, 1, 2}, 16);
    double[] nats = {5, 1, 4};
    for (int d = 0; d < 3; d++) {
      double v = d == 0 ? 0.2 : 0.7;
      strata.count(d, v);
      strata.add(d, v, nats[d]);
    }
    assertThat(strata.nats()[0]).containsExactly(5, 0);
    assertThat(strata.nats()[2]).containsExactly(0, 4);
    // Residuals -1.5 and 1.5, each doubled: half of its mean is its own; two of three.
    assertThat(strata.error().value()).isCloseTo(Math.sqrt(18 * 2 / 3.0) / 3, within(1e-15));
    assertThat(strata.error().degreesOfFreedom()).isEqualTo(1);
  }

  @Test
  void strata_areAsManyAsExamplesAllow() {
    assertThat(TimeStrata.empty(new int[2], 15).nats()[0]).hasSize(1);
    assertThat(TimeStrata.empty(new int[2], 16).nats()[0]).hasSize(2);
    assertThat(TimeStrata.empty(new int[2], 10_000).nats()[0]).hasSize(16);
    assertThat(TimeStrata.empty(new int[2], 0).nats()).hasNumberOfRows(1);
  }

  @Test
  void error_ofOneUnitIsUnknown() {
    assertThat(of(new double[] {3}, new long[] {2}).error()).isEqualTo(StandardError.UNKNOWN);
    assertThat(of(new double[] {3, 0}, new long[] {2, 0}).error().degreesOfFreedom()).isZero();
  }

  /** Chunks of four tokens, by their documents. */
  private record Chunks(int[][] documents) implements Examples {
    @Override
    public long count() {
      return documents.length;
    }

    @Override
    public int length() {
      return 4;
    }

    @Override
    public void read(long index, int[] into) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void readDocuments(long index, int[] into) {
      System.arraycopy(documents[(int) index], 0, into, 0, 4);
    }
  }

  @Test
  void runs_areDocumentsThatShareChunks() {
    int[][] few = {{0, 0, 1, 1}, {1, 2, 2, 2}, {3, 3, 3, 3}, {4, 4, 5, 5}};
    // Chunk 0 joins 0 and 1; 1 ends in another chunk than the run began, so 2 begins a run.
    assertThat(DocumentRuns.of(new Chunks(few), 7)).containsExactly(0, 0, 1, 2, 3, 3, 3);
    int[][] many = new int[64][];
    for (int i = 0; i < 64; i++) {
      many[i] = new int[] {i, i, i, i + 1}; // each document ends in the next one's chunk
    }
    // A run of two chunks is as long as 32 chunks allow, and the next document begins another.
    assertThat(DocumentRuns.of(new Chunks(Arrays.copyOf(many, 32)), 33))
        .startsWith(0, 0, 0, 1, 1, 2, 2);
    int[] runs = DocumentRuns.of(new Chunks(many), 65);
    for (int d = 0; d <= 64; d++) {
      assertThat(runs[d]).as("%d", d).isEqualTo(d == 0 ? 0 : (d - 1) / 4);
    }
  }

  /** Arrays of longs. */
  private static final class LongArrays {
    static long[] filled(int size, long value) {
      return IntStream.range(0, size).mapToLong(i -> value).toArray();
    }
  }
}
