// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.TinySampling;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.ApproximateMethod.Order;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class OrderedTrajectoryTest {
  private static final int LENGTH = 8;
  private static final int TOKENS = 5;
  private static final long SEED = 41;
  private static final TokenLaw GREEDY = new TokenLaw(0, List.of());
  private static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Cosine());
  private static final ContextDenoiser DENOISER = new ContextDenoiser(TOKENS);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  private List<TokenEvent> events(SamplingMethod method, int count) {
    List<TokenEvent> events = new ArrayList<>();
    SamplingListener listener =
        new SamplingListener() {
          @Override
          public void called(int done, int planned) {}

          @Override
          public void changed(TokenEvent event) {
            events.add(event);
          }
        };
    TokenSpace space = new TokenSpace(TOKENS);
    GenerativeModel model = new GenerativeModel(DENOISER, space, SCHEDULE);
    List<Sample> samples =
        new BorrowedKernels(manager, kernels)
            .sampler(model, method, GREEDY)
            .sample(TinySampling.ofMasks(space, count, LENGTH).withSeed(SEED), listener);
    assertThat(samples).hasSize(count);
    return events;
  }

  /** Greedy tokens, in a loop that knows nothing of batches. */
  @ParameterizedTest
  @EnumSource(Order.class)
  @Tag("naive")
  void order_isThatOfAPlainLoop(Order order) {
    for (int tokensAStep = 1; tokensAStep <= LENGTH; tokensAStep++) {
      List<TokenEvent> events = events(new ApproximateMethod.Ordered(order, tokensAStep, 0), 1);
      int[] z = new int[LENGTH];
      Arrays.fill(z, TOKENS);
      int next = 0;
      for (int step = 0; next < LENGTH; step++) {
        int[] before = z.clone();
        double time = SCHEDULE.timeWhenMasked((LENGTH - next) / (double) LENGTH);
        List<Integer> chosen = chosen(order, before, time, step, tokensAStep);
        for (int n : chosen) {
          z[n] = DENOISER.mostLikely(before, n, time);
          TokenEvent event = events.get(next++);
          assertThat(event.point()).isEqualTo(new GridPoint(step, time));
          assertThat(event.position()).isEqualTo(n);
          assertThat(event.token()).isEqualTo(z[n]);
        }
      }
    }
  }

  private static List<Integer> chosen(Order order, int[] z, double time, int step, int count) {
    double[] u = new Noise(SEED).uniforms(Purpose.ORDER, step, 0, LENGTH);
    List<Integer> masked = new ArrayList<>();
    for (int n = 0; n < LENGTH; n++) {
      if (z[n] == TOKENS) {
        masked.add(n);
      }
    }
    masked.sort(
        (a, b) ->
            Double.compare(
                score(order, DENOISER.mu(z, b, time)) + 1e-3 * u[b],
                score(order, DENOISER.mu(z, a, time)) + 1e-3 * u[a]));
    return masked.stream().limit(count).sorted().toList();
  }

  private static double score(Order order, double[] mu) {
    double[] rising = mu.clone();
    Arrays.sort(rising);
    double largest = rising[TOKENS - 1];
    return switch (order) {
      case CONFIDENCE -> largest;
      case MARGIN -> largest - rising[TOKENS - 2];
      case ENTROPY -> Arrays.stream(mu).map(p -> p * Math.log(p)).sum();
    };
  }

  /** Dream's origin, of whose steps those that reveal nothing are no events. */
  @Test
  @Tag("naive")
  void dreamsOrigin_isThatOfAPlainLoop() {
    for (int steps : new int[] {1, 2, 5, 40}) {
      PublishedMethod.Dream method =
          new PublishedMethod.Dream(PublishedMethod.Algorithm.ORIGIN, steps, 0);
      List<TokenEvent> events = events(method, 1);
      int[] z = new int[LENGTH];
      Arrays.fill(z, TOKENS);
      int next = 0;
      for (int step = 0; step < steps; step++) {
        int[] before = z.clone();
        double time = SCHEDULE.timeWhenMasked((LENGTH - next) / (double) LENGTH);
        double[] u = new Noise(SEED).uniforms(Purpose.ORDER, step, 0, LENGTH);
        float share = new DreamTimes(1e-3f, steps).share(step);
        for (int n = 0; n < LENGTH; n++) {
          if (before[n] == TOKENS && (step == steps - 1 || (float) u[n] < share)) {
            z[n] = DENOISER.mostLikely(before, n, time);
            TokenEvent event = events.get(next++);
            assertThat(event.point()).isEqualTo(new GridPoint(step, time));
            assertThat(event.position()).isEqualTo(n);
            assertThat(event.token()).isEqualTo(z[n]);
          }
        }
      }
      assertThat(events).hasSize(LENGTH);
      assertThat(next).isEqualTo(LENGTH);
    }
  }

  /** With a temperature the first position is drawn by the exponentials of the scores. */
  @Test
  @Tag("statistical")
  void orderTemperature_drawsThePosition() {
    int count = 20_011;
    double temperature = 0.05;
    List<TokenEvent> events =
        events(new ApproximateMethod.Ordered(Order.CONFIDENCE, LENGTH - 1, temperature), count);
    int[] z = new int[LENGTH];
    Arrays.fill(z, TOKENS);
    double[] weights = new double[LENGTH];
    for (int n = 0; n < LENGTH; n++) {
      weights[n] = Math.exp(score(Order.CONFIDENCE, DENOISER.mu(z, n, 1)) / temperature);
    }
    long[] last = new long[LENGTH];
    events.stream().filter(e -> e.point().step() == 1).forEach(e -> last[e.position()]++);
    double[] expected = new double[LENGTH];
    leaveOne(weights, new ArrayList<>(), 1, expected);
    double statistic = 0;
    for (int n = 0; n < LENGTH; n++) {
      statistic += Math.pow(last[n] - count * expected[n], 2) / (count * expected[n]);
    }
    assertThat(Arrays.stream(last).sum()).isEqualTo(count);
    assertThat(statistic).isLessThan(42); // chi-square of 7 degrees: false alarm 5e-7
    assertThat(Arrays.stream(expected).max().orElseThrow()).isGreaterThan(0.14);
  }

  /**
   * With Dream's alg_temp the positions of a step are drawn one after another, by the exponentials
   * of their confidences over it.
   */
  @Test
  @Tag("statistical")
  void dreamsOrderTemperature_drawsThePositions() {
    int count = 20_011;
    double temperature = 0.2;
    int chosen = new DreamTimes(1e-3f, 2).count(0, LENGTH);
    List<TokenEvent> events =
        events(
            new PublishedMethod.Dream(PublishedMethod.Algorithm.MASKGIT_PLUS, 2, temperature),
            count);
    int[] z = new int[LENGTH];
    Arrays.fill(z, TOKENS);
    double[] weights = new double[LENGTH];
    for (int n = 0; n < LENGTH; n++) {
      weights[n] = Math.exp(score(Order.CONFIDENCE, DENOISER.mu(z, n, 1)) / temperature);
    }
    int[] sets = new int[count];
    events.stream()
        .filter(e -> e.point().step() == 0)
        .forEach(e -> sets[(int) e.sample()] |= 1 << e.position());
    long[] seen = new long[1 << LENGTH];
    Arrays.stream(sets).forEach(set -> seen[set]++);
    double[] expected = new double[1 << LENGTH];
    drawSet(weights, 0, chosen, 1, expected);
    double statistic = 0;
    for (int set = 0; set < seen.length; set++) {
      if (Integer.bitCount(set) == chosen) {
        statistic += Math.pow(seen[set] - count * expected[set], 2) / (count * expected[set]);
      } else {
        assertThat(seen[set]).isZero();
      }
    }
    assertThat(chosen).isEqualTo(3);
    assertThat(statistic).isLessThan(117); // chi-square of 55 degrees: false alarm 2e-6
  }

  /** Adds the chances of each set of so many more positions, drawn without putting back. */
  private static void drawSet(double[] weights, int taken, int more, double p, double[] sets) {
    if (more == 0) {
      sets[taken] += p;
      return;
    }
    double sum = 0;
    for (int n = 0; n < LENGTH; n++) {
      sum += (taken >> n & 1) == 1 ? 0 : weights[n];
    }
    for (int n = 0; n < LENGTH; n++) {
      if ((taken >> n & 1) == 0) {
        drawSet(weights, taken | 1 << n, more - 1, p * weights[n] / sum, sets);
      }
    }
  }

  /** Adds the chances of being the one that is never chosen, drawing without putting back. */
  private static void leaveOne(double[] weights, List<Integer> taken, double p, double[] left) {
    if (taken.size() == LENGTH - 1) {
      for (int n = 0; n < LENGTH; n++) {
        left[n] += taken.contains(n) ? 0 : p;
      }
      return;
    }
    double sum = 0;
    for (int n = 0; n < LENGTH; n++) {
      sum += taken.contains(n) ? 0 : weights[n];
    }
    for (int n = 0; n < LENGTH; n++) {
      if (!taken.contains(n)) {
        taken.add(n);
        leaveOne(weights, taken, p * weights[n] / sum, left);
        taken.remove(taken.size() - 1);
      }
    }
  }
}
