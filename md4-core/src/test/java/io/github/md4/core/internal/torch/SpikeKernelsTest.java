// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SpikeKernelsTest {
  private static final int MEMORY = 7;
  private static final double DEVIATIONS = 2;
  private static final double LEAST_SPREAD = 0.01;

  private final NDManager manager = NDManager.newBaseManager();
  private final SpikeKernels kernels = new SpikeKernels(manager);
  private final NDArray statistics =
      manager.zeros(new Shape(SpikeKernels.STATISTICS), DataType.FLOAT64);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  private float[] decide(double loss, double norm) {
    try (NDManager scope = manager.newSubManager()) {
      SpikeKernels.Update update =
          new SpikeKernels.Update(scope.create((float) loss), scope.create((float) norm));
      return kernels.decide(scope, statistics, update, DEVIATIONS, MEMORY).toFloatArray();
    }
  }

  /** A running mean and variance, in plain numbers. */
  private static final class Running {
    private int count;
    private double mean;
    private double variance;

    double far() {
      return DEVIATIONS * Math.max(Math.sqrt(variance), LEAST_SPREAD);
    }

    boolean isFar(double x) {
      return count >= MEMORY && Math.log(x) - mean > far();
    }

    void add(double x) {
      double bounded = count < MEMORY ? Math.log(x) : Math.max(Math.log(x), mean - far());
      double weight = 1.0 / Math.min(count + 1, MEMORY);
      double before = mean;
      mean = (1 - weight) * mean + weight * bounded;
      variance =
          (1 - weight) * (variance + (mean - before) * (mean - before))
              + weight * (bounded - mean) * (bounded - mean);
      count++;
    }
  }

  /** Numbers wide enough that a tenth of them are far. */
  @Test
  @Tag("naive")
  void decide_isThePlainRecursion() {
    Random random = new Random(5);
    Running losses = new Running();
    Running norms = new Running();
    int skipped = 0;
    for (int k = 0; k < 200; k++) {
      float loss = (float) Math.exp(0.1 * random.nextGaussian() - 0.002 * k);
      float norm = (float) Math.exp(random.nextGaussian());
      boolean isGood = !losses.isFar(loss) && !norms.isFar(norm);
      assertThat(decide(loss, norm)).as("%d", k).containsExactly(isGood ? 1 : 0, loss, norm);
      if (isGood) {
        losses.add(loss);
        norms.add(norm);
      } else {
        skipped++;
      }
    }
    assertThat(skipped).isBetween(5, 100);
    // Two hundred roundings in double, and the logarithm of a float.
    assertThat(statistics.toDoubleArray())
        .containsExactly(
            new double[] {losses.count, losses.mean, norms.mean, losses.variance, norms.variance},
            within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  @Tag("exact")
  void decide_neverTakesWhatIsNotFinite(double value) {
    assertThat(decide(2, value)[0]).isZero();
    assertThat(decide(value, 2)[0]).isZero();
    assertThat(statistics.toDoubleArray()).containsOnly(0);
    assertThat(decide(2, 3)[0]).isOne();
    assertThat(statistics.toDoubleArray()[0]).isOne();
  }

  /** Equal numbers have no spread: a hundredth counts as one. */
  @Test
  @Tag("exact")
  void decide_waitsForItsMemory_andThenForMoreThanAHundredth() {
    for (int k = 0; k < MEMORY; k++) {
      assertThat(decide(2, 1)[0]).isOne();
    }
    assertThat(decide(2 * Math.exp(0.0199), 1)[0]).isOne();
    assertThat(decide(2, 1.1)[0]).isZero();
    assertThat(decide(2.1, 1)[0]).isZero();
    assertThat(decide(0, 0)[0]).isOne();
  }

  @Test
  @Tag("exact")
  void decide_leavesItsResultAlone() {
    int before = manager.getManagedArrays().size();
    assertThat(decide(1, 1)).hasSize(3);
    assertThat(decide(1, 1)).hasSize(3);
    assertThat(manager.getManagedArrays()).hasSize(before);
  }
}
