// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.DeviceCopy;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.transformer.StepKernels.GuidedLaw;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Steps that reveal masks among given positions, of whose tokens some are taken back or masked
 * again, from logits that are given: tokens and weights are those of plain loops, to the bit.
 */
@Tag("gpu")
final class RevealedMasksGpuTest {
  private static final int VOCABULARY = 27;
  private static final int STEPS = 8;

  @BeforeEach
  void needsAHopperGpu() {
    HopperNumbers.need("draws of steps are");
  }

  /** With fewer examples than the size has, and in two views. */
  @ParameterizedTest
  @CsvSource({"KEPT, 3, 7, 16, 1", "REMASKED, 3, 7, 16, 1", "REMASKED, 3, 301, 420, 2"})
  void steps_areThoseOfPlainLoops(
      StepRows.Form form, int examples, int length, int rows, int views) {
    StepSize size = new StepSize(examples, length, rows, views, form);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = HopperNumbers.casts(manager);
        FusedKernels fused =
            FusedKernels.findFrozen(manager, StepKernelsGpuTest.options()).orElseThrow()) {
      StepKernelsGpuTest.Steps steps =
          new StepKernelsGpuTest.Steps(manager, casts, fused, size, VOCABULARY);
      for (int active : new int[] {examples, examples - 1}) {
        check(manager, casts, steps, active);
      }
      steps.exchange.close();
    }
  }

  private static void check(
      NDManager manager, TorchScript casts, StepKernelsGpuTest.Steps steps, int examples) {
    StepSize size = steps.size;
    GuidedLaw law = new GuidedLaw(Inversion.of(Confidence.PROBABILITY), 1);
    int[] ranks = IntStream.range(0, VOCABULARY).map(v -> v * 7 % 5).toArray();
    try (NDArray uploaded = manager.create(ranks)) {
      DeviceCopy.copy(uploaded, steps.inputs.tokenRanks(), 0, ranks.length, Integer.BYTES);
    }
    RevealedMasks plain = random(examples, size);
    steps.exchange.write(
        size.views() == 1 ? List.of(plain.zt()) : List.of(plain.zt(), plain.zt().clone()));
    int taken = 0;
    try (NDManager scope = manager.newSubManager()) {
      Hidden logits =
          new Hidden(HopperNumbers.narrow(scope, casts, steps.logits(3), size.shownRows()));
      for (int k = 0; k < STEPS; k++) {
        StepRows rows = rows(size, plain, k, ranks);
        steps.step(k, rows, law, logits);
        int[] before = plain.zt().clone();
        plain.step(rows, steps.exchange.read(k, rows.count()));
        long[] zt = steps.inputs.zt.toLongArray();
        for (int view = 0; view < size.views(); view++) {
          int first = view * size.positions();
          assertThat(Arrays.stream(zt, first, first + plain.zt().length).mapToInt(t -> (int) t))
              .as("step %d, view %d", k, view)
              .containsExactly(Arrays.stream(plain.zt()).boxed().toArray(Integer[]::new));
        }
        if (size.remasks()) {
          assertThat(Arrays.copyOf(steps.inputs.weights.toDoubleArray(), plain.zt().length))
              .isEqualTo(plain.weights());
        }
        for (int position : rows.positions()) {
          taken += before[position] == VOCABULARY && plain.zt()[position] == VOCABULARY ? 1 : 0;
        }
        taken += (int) again(before, plain.zt());
      }
    }
    assertThat(taken).isGreaterThan(STEPS / 2); // else it would show little
    steps.exchange.advance(STEPS);
  }

  private static long again(int[] before, int[] after) {
    return IntStream.range(0, before.length)
        .filter(i -> before[i] != VOCABULARY && after[i] == VOCABULARY)
        .count();
  }

  /** Returns tokens of which half are masks, a fourth given and a fourth revealed. */
  private static RevealedMasks random(int examples, StepSize size) {
    int positions = examples * size.length();
    double[] u = new Noise(5).uniforms(Purpose.SOURCE, 0, examples, 2 * positions);
    int[] zt = new int[positions];
    double[] weights = new double[positions];
    for (int i = 0; i < positions; i++) {
      zt[i] = u[i] < 0.5 ? VOCABULARY : 1;
      weights[i] = u[i] >= 0.75 ? StrictMath.exp(-u[positions + i]) : 0;
    }
    return new RevealedMasks(zt, weights, size.length(), VOCABULARY);
  }

  private static StepRows rows(StepSize size, RevealedMasks plain, int step, int[] ranks) {
    double[] u = new Noise(step).uniforms(Purpose.SAMPLE, 0, 0, 3 * plain.zt().length);
    double share = 0.7 * size.rows() / size.positions();
    int[] positions =
        IntStream.range(0, plain.zt().length)
            .filter(i -> u[i] < share)
            .limit(size.rows())
            .toArray();
    double[] own = Arrays.copyOfRange(u, plain.zt().length, plain.zt().length + positions.length);
    if (size.form() == StepRows.Form.KEPT) {
      int[] least = Arrays.stream(own).mapToInt(x -> (int) (x * 1e6) % 7 - 1).toArray();
      return new StepRows.Kept(positions, own, new KeptTokens(ranks, least));
    }
    return new StepRows.Remasked(positions, own, again(size, plain, step, u));
  }

  /** Of the first round limits are sigma itself and what is next below it. */
  private static MaskedAgain again(StepSize size, RevealedMasks plain, int step, double[] u) {
    int length = size.length();
    int examples = plain.zt().length / length;
    RevealedMasks.Entries entries = new RevealedMasks.Entries(examples);
    for (int b = 0; b < examples; b++) {
      for (int round = 0; round < 3; round++) {
        for (int n = (step + round) % 2; n < length; n += 1 + length / 70) {
          double share = 0.2 + 0.7 * u[2 * plain.zt().length + n];
          double sigma = plain.sigma(b * length + n, share);
          double limit = round > 0 ? 1.0 / length : n % 3 > 0 ? Math.nextDown(sigma) : sigma;
          entries.add(b, n, round, Math.max(0, limit), share);
        }
      }
    }
    return entries.with(step == 0 ? plain.weights() : new double[0]);
  }
}
