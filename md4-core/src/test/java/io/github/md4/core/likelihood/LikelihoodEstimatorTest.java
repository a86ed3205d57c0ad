// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class LikelihoodEstimatorTest {
  private static final int V = 5;
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());
  private static final Md4Objective ELBO =
      new Md4Objective(new TokenSpace(V), LINEAR, new TimeAxis.Continuous());

  /** Gives every row the same logits, 0, 1, ..., V - 1, whatever it is asked. */
  private record FixedDenoiser() implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      NDManager manager = zt.getManager();
      float[] logits = new float[Math.toIntExact(rows.size()) * V];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = i % V;
      }
      return manager.create(logits, new Shape(rows.size(), V));
    }
  }

  /** Remembers the times and masks that it was asked about. */
  private record RecordingDenoiser(List<String> asked) implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      long[] flat = zt.toLongArray();
      int length = (int) zt.getShape().get(1);
      for (int b = 0; b < condition.times().length; b++) {
        StringBuilder text = new StringBuilder().append(condition.times()[b]);
        for (int n = 0; n < length; n++) {
          text.append(' ').append(flat[b * length + n]);
        }
        asked.add(text.toString());
      }
      return new FixedDenoiser().logits(zt, condition, rows);
    }
  }

  /** Tokens that depend on the number of the sequence. */
  private record CountingExamples(long count, int length) implements Examples {
    @Override
    public void read(long index, int[] into) {
      for (int n = 0; n < into.length; n++) {
        into[n] = (int) ((index + n * 3L) % V);
      }
    }
  }

  private static LikelihoodEstimate estimate(
      Denoiser denoiser, Examples examples, int passes, int batchSize) {
    LikelihoodEstimator.Settings settings = new LikelihoodEstimator.Settings(11, passes, batchSize);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      return new LikelihoodEstimator(ELBO, settings)
          .estimate(manager, denoiser, examples, done -> {});
    }
  }

  @Test
  @Tag("exact")
  void estimate_asksTheSameForAnyBatchSize() {
    Examples examples = new CountingExamples(131, 7);
    List<String> one = new ArrayList<>();
    List<String> many = new ArrayList<>();
    LikelihoodEstimate a = estimate(new RecordingDenoiser(one), examples, 2, 1);
    LikelihoodEstimate b = estimate(new RecordingDenoiser(many), examples, 2, 37);
    // Alone, an example without a mask needs no network.
    assertThat(many).hasSize(262);
    assertThat(many.stream().filter(asked -> asked.contains(" " + V))).isEqualTo(one);
    assertThat(b.natsPerToken()).isCloseTo(a.natsPerToken(), within(1e-12));
    assertThat(b.standardError()).isCloseTo(a.standardError(), within(1e-12));
  }

  @Test
  @Tag("exact")
  void estimate_stratifiesTimesInGroupsOf64() {
    List<String> asked = new ArrayList<>();
    LikelihoodEstimate estimate =
        estimate(new RecordingDenoiser(asked), new CountingExamples(128, 7), 1, 16);
    assertThat(estimate.groups()).isEqualTo(2);
    for (int group = 0; group < 2; group++) {
      boolean[] hit = new boolean[64];
      for (String each : asked.subList(64 * group, 64 * group + 64)) {
        hit[(int) (Double.parseDouble(each.substring(0, each.indexOf(' '))) * 64)] = true;
      }
      assertThat(hit).doesNotContain(false);
    }
  }

  /** Plain loops over the same noise. */
  @Test
  @Tag("naive")
  void estimate_isTheWeightedSumOverMaskedPositions() {
    CountingExamples examples = new CountingExamples(70, 3);
    double logSum = 0;
    for (int v = 0; v < V; v++) {
      logSum += Math.exp(v);
    }
    Noise noise = new Noise(11);
    double expected = 0;
    int[] x = new int[3];
    for (int i = 0; i < 70; i++) {
      examples.read(i, x);
      int size = i < 64 ? 64 : 6;
      double t =
          (noise.uniform(Purpose.EVALUATION_TIME, 0, i / 64, 0) + i % 64 / (double) size) % 1;
      double[] u = noise.uniforms(Purpose.EVALUATION_MASK, 0, i, 3);
      for (int n = 0; n < 3; n++) {
        if (u[n] >= LINEAR.alpha(t)) {
          expected += -LINEAR.lossWeight(t) * (Math.log(logSum) - x[n]) / (70 * 3);
        }
      }
    }
    LikelihoodEstimate estimate = estimate(new FixedDenoiser(), examples, 1, 64);
    // The network's cross-entropies are float32.
    assertThat(estimate.terms().diffusion()).isCloseTo(expected, within(1e-5 * expected));
    assertThat(estimate.tokens()).isEqualTo(210);
  }

  /**
   * With a network that ignores its input the diffusion term is (1 - 2 epsilon) times the mean
   * cross-entropy exactly; 40 passes over 640 examples, within five of the stated standard errors:
   * a false alarm below 1e-6.
   */
  @Test
  @Tag("statistical")
  void estimate_isUnbiasedAndItsErrorHonest() {
    CountingExamples examples = new CountingExamples(640, 5);
    double logSum = 0;
    for (int v = 0; v < V; v++) {
      logSum += Math.exp(v);
    }
    double expected = (1 - 2e-4) * (Math.log(logSum) - (V - 1) / 2.0);
    LikelihoodEstimate estimate = estimate(new FixedDenoiser(), examples, 40, 640);
    assertThat(estimate.standardError()).isGreaterThan(0).isLessThan(0.05);
    assertThat(estimate.terms().diffusion())
        .isCloseTo(expected, within(5 * estimate.standardError()));
  }

  @Test
  @Tag("exact")
  void first_isTheBeginning() {
    Examples examples = new CountingExamples(10, 3);
    assertThat(examples.first(4).count()).isEqualTo(4);
    assertThat(examples.first(40).count()).isEqualTo(10);
    assertThatIllegalArgumentException().isThrownBy(() -> examples.first(0));
  }

  @Test
  @Tag("exact")
  void settings_rejectNothingToDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LikelihoodEstimator.Settings(1, 0, 1))
        .withMessageContaining("passes must be at least 1: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LikelihoodEstimator.Settings(1, 1, 0));
  }

  /** The class of each example, whatever the batch; none where there are none. */
  @Test
  @Tag("exact")
  void estimate_tellsTheClassOfEachExample() {
    List<Integer> told = new ArrayList<>();
    Denoiser denoiser =
        (zt, condition, rows) -> {
          for (int label : condition.labels()) {
            told.add(label);
          }
          return new FixedDenoiser().logits(zt, condition, rows);
        };
    Examples plain = new CountingExamples(5, 101); // so long that none is left unmasked
    Examples labelled =
        new Examples() {
          @Override
          public long count() {
            return plain.count();
          }

          @Override
          public int length() {
            return plain.length();
          }

          @Override
          public void read(long index, int[] into) {
            plain.read(index, into);
          }

          @Override
          public int label(long index) {
            return (int) (10 + index);
          }
        };
    assertThat(estimate(denoiser, plain, 1, 2).examples()).isEqualTo(5);
    assertThat(told).isEmpty();
    assertThat(estimate(denoiser, labelled.first(4), 1, 3).examples()).isEqualTo(4);
    assertThat(told).containsExactly(10, 11, 12, 13);
  }

  @Test
  @Tag("exact")
  void condition_hasAClassForAllOrForNone() {
    assertThat(Condition.of(new double[2], new int[] {3, 0}).labels()).containsExactly(3, 0);
    assertThat(Condition.of(new double[2], new int[] {-1, -1}).labels()).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Condition.of(new double[2], new int[] {-1, 4}))
        .withMessage("all examples must have a class or none: 1 of 2 have none");
  }
}
