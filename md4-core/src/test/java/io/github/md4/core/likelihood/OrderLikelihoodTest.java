// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TinyLaw;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class OrderLikelihoodTest {
  private static final TinyLaw LAW = TinyLaw.random(3, 3);
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear(), 0);
  private static final List<int[]> ORDERS =
      List.of(
          new int[] {0, 1, 2},
          new int[] {0, 2, 1},
          new int[] {1, 0, 2},
          new int[] {1, 2, 0},
          new int[] {2, 0, 1},
          new int[] {2, 1, 0});

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private double total(int tokensAStep, int sequence, int... order) {
    OrderLikelihood likelihood = new OrderLikelihood(LAW.space(), LINEAR, tokensAStep);
    int[] x = LAW.sequences()[sequence];
    return Arrays.stream(likelihood.nats(manager, LAW, x, order, Condition.NO_LABEL)).sum();
  }

  /** One at a time, a network that knows the law has its likelihood in every order. */
  @Test
  void oneAtATime_isTheLawsOwnInEveryOrder() {
    for (int i = 0; i < 27; i += 4) {
      for (int[] order : ORDERS) {
        assertThat(total(1, i, order))
            .isCloseTo(-Math.log(LAW.probabilities()[i]), within(1e-5)); // float32
      }
    }
  }

  /** Whatever the number at once, the likelihoods of all sequences add up to one. */
  @Test
  void likelihoods_addUpToOne() {
    for (int tokens : new int[] {1, 2, 3, 5}) {
      double sum = 0;
      for (int i = 0; i < 27; i++) {
        sum += Math.exp(-total(tokens, i, 2, 0, 1));
      }
      assertThat(sum).isCloseTo(1, within(1e-5));
    }
  }

  /** The mean over orders is the any-order bound of the sequence. */
  @Test
  void meanOverOrders_isTheAnyOrderBound() {
    double[] bounds = new ToyBound(manager, LAW, LAW).anyOrder(LINEAR);
    for (int i = 0; i < 27; i += 5) {
      int sequence = i;
      double mean =
          ORDERS.stream().mapToDouble(order -> total(1, sequence, order)).average().orElseThrow();
      assertThat(mean).isCloseTo(bounds[i], within(1e-5));
    }
  }

  /** What a network is asked: the time, the tokens shown, and the positions in their order. */
  private record Recorder(List<String> asked) implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      asked.add(
          "%.4f %s %s"
              .formatted(
                  condition.times()[0],
                  Arrays.toString(zt.toLongArray()),
                  Arrays.toString(rows.toLongArray())));
      return zt.getManager().zeros(new Shape(rows.size(), 3));
    }
  }

  /** Under the linear schedule the time is the share that is masked. */
  @Test
  void network_isAskedOnceAStepAtTheTimeOfItsMasks() {
    Recorder recorder = new Recorder(new ArrayList<>());
    OrderLikelihood likelihood = new OrderLikelihood(new TokenSpace(3), LINEAR, 2);
    int[] x = {0, 1, 2, 2};
    int[] order = {3, 1, 2, 0};
    double[] nats = likelihood.nats(manager, recorder, x, order, Condition.NO_LABEL);
    assertThat(nats).containsOnly(nats[0]).hasSize(4);
    assertThat(recorder.asked)
        .containsExactly("1.0000 [3, 3, 3, 3] [1, 3]", "0.5000 [3, 1, 3, 2] [0, 2]");
  }

  @Test
  void nats_rejectListsOfDifferentLengths() {
    OrderLikelihood likelihood = new OrderLikelihood(LAW.space(), LINEAR, 1);
    int[][] x = {LAW.sequences()[0], LAW.sequences()[1]};
    int[][] orders = {ORDERS.get(0)};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> likelihood.nats(manager, LAW, x, orders, -1, -1))
        .withMessage("there must be an order and a label for each sequence: 2, 1, 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> likelihood.nats(manager, LAW, new int[0][], new int[0][]))
        .withMessage("there must be an order and a label for each sequence: 0, 0, 0");
  }

  @Test
  void orders_haveEachPositionOnce() {
    for (int[] order : new int[][] {{0, 1}, {0, 1, 1}, {0, 1, 3}, {0, 1, 2, 2}}) {
      assertThatIllegalArgumentException().isThrownBy(() -> total(1, 0, order));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> total(0, 0, 0, 1, 2));
  }
}
