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
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A bound on {@code -log p(answer | prompt)}: tokens of the answer alone are masked, the prompt is
 * always shown (LLaDA, Appendix B.5).
 *
 * <p>The mean of {@code weight * sum over masked of -log mu[x]} over the draws of {@link
 * AnswerMasks} is the bound of the any-order model of the answer. The network is told the time at
 * which as many tokens of the whole sequence are masked on average.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 */
public record AnswerLikelihood(TokenSpace space, MaskingSchedule schedule) {

  /**
   * An estimate of the bound.
   *
   * @param nats the mean over rounds, nats of the whole answer
   * @param standardError over rounds, nats; NaN of a single one
   */
  public record Estimate(double nats, double standardError) {}

  /**
   * How an estimate is made.
   *
   * @param masks how masks are drawn
   * @param noise their uniforms
   * @param rounds independent rounds, at least 1
   * @param draws the draws of a round, which are one call of the network, at least 1
   */
  public record Settings(AnswerMasks masks, Noise noise, int rounds, int draws) {
    /**
     * Checks the numbers.
     *
     * @param masks how masks are drawn
     * @param noise their uniforms
     * @param rounds independent rounds, at least 1
     * @param draws the draws of a round, which are one call of the network, at least 1
     * @throws IllegalArgumentException if one is below 1
     */
    public Settings {
      require(rounds >= 1, "rounds must be at least 1", rounds);
      require(draws >= 1, "draws must be at least 1", draws);
    }
  }

  /**
   * {@return an estimate of the bound of one answer}
   *
   * @param manager the owner of the network's arrays, which are freed; its device is the network's
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param pair the prompt and the answer
   * @param settings the masks, their uniforms and how many there are
   * @param number the answer's number, which its uniforms follow, in [0, 2^32)
   * @throws IllegalArgumentException if {@code number} is out of its range
   */
  public Estimate estimate(
      NDManager manager, Denoiser denoiser, Pair pair, Settings settings, long number) {
    int tokens = pair.answer().length;
    Iterator<QueryBatch> batches =
        IntStream.range(0, settings.rounds)
            .mapToObj(
                round ->
                    settings.masks.draws(settings.noise, number, round, settings.draws, tokens))
            .map(drawn -> batch(pair, drawn))
            .iterator();
    DoubleStream.Builder found = DoubleStream.builder();
    try (LossCalls calls = LossCalls.of(manager, denoiser, new RowLoss.CrossEntropy())) {
      calls.forEach(
          batches,
          (batch, losses) ->
              found.add(Arrays.stream(batch.values(losses)).average().orElseThrow()));
    }
    double[] means = found.build().toArray();
    double mean = Arrays.stream(means).average().orElseThrow();
    double squares = Arrays.stream(means).map(each -> (each - mean) * (each - mean)).sum();
    double error = Math.sqrt(squares / (means.length - 1.0) / means.length); // 0 / 0 of one round
    return new Estimate(mean, error);
  }

  /**
   * A prompt and what is to follow it.
   *
   * @param prompt tokens, in [0, V); there may be none
   * @param answer tokens, in [0, V), at least one
   */
  public record Pair(int[] prompt, int[] answer) {
    /**
     * Checks that there is an answer.
     *
     * @param prompt tokens, in [0, V); there may be none
     * @param answer tokens, in [0, V), at least one
     * @throws IllegalArgumentException if the answer is empty
     */
    public Pair {
      require(answer.length > 0, "the answer must have a token", answer.length);
    }

    /** {@return the tokens of both} */
    public int[] whole() {
      int[] whole = Arrays.copyOf(prompt, prompt.length + answer.length);
      System.arraycopy(answer, 0, whole, prompt.length, answer.length);
      return whole;
    }
  }

  /**
   * {@return the weighted sum of the losses of each draw, nats, [draws]}
   *
   * @param manager the owner of the network's arrays, which are freed; its device is the network's
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param pair the prompt and the answer
   * @param drawn the masks of the answer, at least one draw
   * @throws IllegalArgumentException if a position is not one of the answer, or they do not ascend
   */
  public double[] nats(
      NDManager manager, Denoiser denoiser, Pair pair, List<AnswerMasks.Draw> drawn) {
    QueryBatch batch = batch(pair, drawn);
    return batch.values(batch.losses(manager, denoiser, new RowLoss.CrossEntropy()));
  }

  private QueryBatch batch(Pair pair, List<AnswerMasks.Draw> drawn) {
    int[] whole = pair.whole();
    int[][] x = new int[drawn.size()][];
    List<Query> queries = new ArrayList<>();
    for (int r = 0; r < x.length; r++) {
      x[r] = whole;
      queries.add(query(whole, pair.prompt().length, drawn.get(r)));
    }
    int[] labels = new int[x.length];
    Arrays.fill(labels, Condition.NO_LABEL);
    return QueryBatch.of(x, labels, queries);
  }

  private Query query(int[] whole, int start, AnswerMasks.Draw draw) {
    int[] zt = whole.clone();
    int[] positions = Arrays.stream(draw.positions()).map(i -> start + i).toArray();
    for (int position : positions) {
      require(
          position >= start && position < zt.length,
          "positions must be in the answer",
          position - start);
      zt[position] = space.maskToken();
    }
    double time = schedule.timeWhenMasked((double) positions.length / zt.length);
    return new Query(zt, time, positions, draw.weight());
  }
}
