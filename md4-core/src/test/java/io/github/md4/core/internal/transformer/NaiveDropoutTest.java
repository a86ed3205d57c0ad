// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.noise.Noise;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The hash that decides what our attention drops, as noise. The kernels draw the same: {@link
 * HopperAttentionDropoutGpuTest}.
 */
@Tag("statistical")
final class NaiveDropoutTest {
  private static final int LENGTH = 384;
  private static final int HEADS = 24;
  private static final int SEED = 77;

  /**
   * Standard deviations of a normal number, beyond which one is with probability 4e-8: the
   * false-alarm rate of each comparison, some hundred in all.
   */
  private static final double BOUND = 5.5;

  /** The share of hashes a byte of which equals the threshold's first. */
  private static final double BYTE = 0x1p-8;

  /** Two probabilities of a head, or of two heads: how far apart in rows, columns, heads. */
  private record Apart(int rows, int columns, int heads) {
    /** Returns whether one hash may serve both. */
    boolean isOfOneHash() {
      return heads == 0 && rows % 8 == 0 && columns % 8 == 0 && rows < 16 && columns < 16;
    }
  }

  static Stream<Apart> neighbours() {
    Stream<Apart> near =
        Stream.of(0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 64, 128)
            .flatMap(n -> Stream.of(new Apart(n, 0, 0), new Apart(0, n, 0), new Apart(n, n, 0)))
            .filter(apart -> apart.rows + apart.columns > 0);
    // heads of an example, and of the next one where it has 2, 3, 6 or 12
    return Stream.concat(near, Stream.of(1, 2, 3, 6, 12).map(n -> new Apart(0, 0, n)));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9})
  void rate_isThatAskedFor(double rate) {
    long dropped = 0;
    for (boolean[] kept : masks(SEED, rate)) {
      for (boolean each : kept) {
        dropped += each ? 0 : 1;
      }
    }
    double number = (double) HEADS * LENGTH * LENGTH;
    // Each of a hash's four depends on its neighbours where a byte equals the threshold's.
    double deviation = Math.sqrt(number * rate * (1 - rate) * (1 + 3 * BYTE));
    assertThat(Math.abs(dropped - number * rate)).isLessThan(BOUND * deviation);
  }

  @ParameterizedTest
  @MethodSource("neighbours")
  void neighbours_areIndependent(Apart apart) {
    for (double rate : new double[] {0.1, 0.3}) {
      boolean[][] masks = masks(SEED, rate);
      Correlation correlation = new Correlation(rate);
      for (int head = 0; head + apart.heads < HEADS; head++) {
        for (int q = 0; q + apart.rows < LENGTH; q++) {
          for (int k = 0; k + apart.columns < LENGTH; k++) {
            correlation.add(
                masks[head][q * LENGTH + k],
                masks[head + apart.heads][(q + apart.rows) * LENGTH + k + apart.columns]);
          }
        }
      }
      correlation.assertNone(apart.isOfOneHash() ? BYTE : 0);
    }
  }

  /** Keys at the places of queries and the other way around are other probabilities. */
  @Test
  void transposed_areIndependent() {
    boolean[][] masks = masks(SEED, 0.2);
    Correlation correlation = new Correlation(0.2);
    for (boolean[] mask : masks) {
      for (int q = 0; q < LENGTH; q++) {
        for (int k = 0; k < q; k++) {
          correlation.add(mask[q * LENGTH + k], mask[k * LENGTH + q]);
        }
      }
    }
    correlation.assertNone(0);
  }

  /** Layers and steps, as a network seeds them, and numbers that follow each other. */
  @Test
  void seeds_areIndependent() {
    Noise noise = new Noise(5);
    DropoutNoise step = new DropoutNoise(noise, 1000, 0);
    DropoutNoise next = new DropoutNoise(noise, 1001, 0);
    int[][] pairs = {
      {step.engineSeed(1), step.engineSeed(2)},
      {step.engineSeed(1), next.engineSeed(1)},
      {step.engineSeed(2), next.engineSeed(1)},
      {SEED, SEED + 1},
      {SEED, -SEED},
      {0, 1 << 31}
    };
    for (int[] pair : pairs) {
      boolean[][] one = masks(pair[0], 0.2);
      boolean[][] other = masks(pair[1], 0.2);
      Correlation correlation = new Correlation(0.2);
      for (int head = 0; head < HEADS; head++) {
        for (int i = 0; i < LENGTH * LENGTH; i++) {
          correlation.add(one[head][i], other[head][i]);
        }
      }
      correlation.assertNone(0);
    }
  }

  /** The correlation of pairs whose rate is known. */
  private static final class Correlation {
    private final double rate;
    private long pairs;
    private long first;
    private long second;
    private long both;

    Correlation(double rate) {
      this.rate = rate;
    }

    void add(boolean isFirstKept, boolean isSecondKept) {
      pairs++;
      first += isFirstKept ? 0 : 1;
      second += isSecondKept ? 0 : 1;
      both += isFirstKept || isSecondKept ? 0 : 1;
    }

    /**
     * @param known the correlation that follows from how the hash is used
     */
    void assertNone(double known) {
      double covariance = (both - rate * (first + second)) / pairs + rate * rate;
      double correlation = covariance / (rate * (1 - rate));
      // Of pairs that are independent its deviation is 1 / sqrt(pairs).
      double error = BOUND / Math.sqrt((double) pairs);
      assertThat(correlation).isBetween(-error, known + error);
    }
  }

  /** Returns which probabilities are kept, [heads][L L]. */
  private static boolean[][] masks(int seed, double rate) {
    boolean[][] masks = new boolean[HEADS][LENGTH * LENGTH];
    for (int head = 0; head < HEADS; head++) {
      NaiveDropout dropout = new NaiveDropout(seed, head, NaiveDropout.threshold(rate));
      for (int i = 0; i < LENGTH * LENGTH; i++) {
        masks[head][i] = dropout.isKept(i / LENGTH, i % LENGTH);
      }
    }
    return masks;
  }
}
