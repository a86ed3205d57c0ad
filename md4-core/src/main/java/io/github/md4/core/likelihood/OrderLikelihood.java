// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.LossCalls;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The likelihood of a sequence whose tokens are revealed in a given order, some at once: exact for
 * the sampler of that order, in contrast to a bound (Hoogeboom et al., 2022).
 *
 * <p>The network is told the time at which as many tokens are masked on average.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 * @param tokensAStep the number of tokens revealed at once, at least 1
 */
public record OrderLikelihood(TokenSpace space, MaskingSchedule schedule, int tokensAStep) {

  /**
   * Checks the number of tokens.
   *
   * @param tokensAStep the number of tokens revealed at once, at least 1
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param schedule the schedule, which gives the network's time
   * @throws IllegalArgumentException if {@code tokensAStep} is below 1
   */
  public OrderLikelihood {
    require(tokensAStep >= 1, "tokensAStep must be at least 1", tokensAStep);
  }

  /**
   * {@return {@code -log p} of each token given those before it in the order, nats, [N] by
   * position}
   *
   * @param manager the owner of the network's arrays, which are freed; its device is the network's
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param x clean tokens, in [0, V), [N]
   * @param order the positions, each once, the first revealed first
   * @param label the class, or {@link Condition#NO_LABEL}
   * @throws IllegalArgumentException if {@code order} is no permutation of the positions
   */
  public double[] nats(NDManager manager, Denoiser denoiser, int[] x, int[] order, int label) {
    return nats(manager, denoiser, new int[][] {x}, new int[][] {order}, label)[0];
  }

  /**
   * {@return {@code -log p} of each token of several sequences at once, nats, [B][N] by position}
   *
   * @param manager the owner of the network's arrays, which are freed; its device is the network's
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param x clean tokens of sequences of one length, [B][N]
   * @param orders the positions of each sequence, each once, the first revealed first, [B][N]
   * @param labels the class of each, or {@link Condition#NO_LABEL} for all, [B]
   * @throws IllegalArgumentException if there is no sequence, the three differ in their number,
   *     lengths differ, or an order is no permutation of the positions
   */
  public double[][] nats(
      NDManager manager, Denoiser denoiser, int[][] x, int[][] orders, int... labels) {
    require(
        x.length > 0 && x.length == orders.length && x.length == labels.length,
        "there must be an order and a label for each sequence",
        x.length + ", " + orders.length + ", " + labels.length);
    int length = x[0].length;
    for (int[] order : orders) {
      checkOrder(order, length);
    }
    double[][] nats = new double[x.length][length];
    Iterator<QueryBatch> steps =
        IntStream.iterate(0, first -> first < length, first -> first + tokensAStep)
            .mapToObj(first -> step(x, orders, labels, first))
            .iterator();
    try (LossCalls calls = LossCalls.of(manager, denoiser, new RowLoss.CrossEntropy())) {
      calls.forEach(
          steps,
          (step, losses) -> {
            for (int r = 0; r < losses.length; r++) {
              nats[step.example(r)][step.position(r)] = losses[r];
            }
          });
    }
    return nats;
  }

  /** Returns the queries about the tokens that are revealed after the first ones of each order. */
  private QueryBatch step(int[][] x, int[][] orders, int[] labels, int first) {
    int length = x[0].length;
    double time = schedule.timeWhenMasked((double) (length - first) / length);
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < x.length; b++) {
      int[] zt = Arrays.copyOf(x[b], length);
      for (int i = first; i < length; i++) {
        zt[orders[b][i]] = space.maskToken();
      }
      int[] positions = Arrays.copyOfRange(orders[b], first, Math.min(length, first + tokensAStep));
      Arrays.sort(positions);
      queries.add(new Query(zt, time, positions, 1));
    }
    return QueryBatch.of(x, labels, queries);
  }

  private static void checkOrder(int[] order, int length) {
    boolean[] isSeen = new boolean[length];
    boolean isWhole = order.length == length;
    for (int position : order) {
      isWhole = isWhole && position >= 0 && position < length && !isSeen[position];
      if (isWhole) {
        isSeen[position] = true;
      }
    }
    require(isWhole, "order must have each of %d positions once".formatted(length), order.length);
  }
}
