// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Division;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.TimeSampling;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An estimator of an objective's value over given examples, by one query an example and pass.
 *
 * <p>What chooses times is stratified over fixed groups of {@value #GROUP} consecutive examples,
 * and all noise is a function of (seed, pass, group or example): the same for any batch size, for
 * every estimator and for every model. All is weighted by tokens. Estimates are in nats per token;
 * docs/reproduce.md says what their errors cover. One estimator may be used again, by one thread at
 * a time.
 */
public final class LikelihoodEstimator {
  /** Number of consecutive examples whose times are stratified together. */
  public static final int GROUP = 64;

  private final Objective objective;
  private final Settings settings;
  private final Noise noise;
  private final Division division;

  /**
   * The amount of computation and the seed of its noise.
   *
   * @param seed the seed of times and masks
   * @param passes how many times and masks each example gets, at least 1
   * @param batchSize how many examples the network sees at once, at least 1; of no effect on the
   *     result but for the last bits of its arithmetic
   */
  public record Settings(long seed, int passes, int batchSize) {
    /**
     * Checks the settings.
     *
     * @param passes how many times and masks each example gets, at least 1
     * @param batchSize how many examples the network sees at once, at least 1; of no effect on the
     *     result but for the last bits of its arithmetic
     * @param seed the seed of times and masks
     * @throws IllegalArgumentException if {@code passes} or {@code batchSize} is below 1
     */
    public Settings {
      if (passes < 1) {
        throw new IllegalArgumentException("passes must be at least 1: " + passes);
      }
      if (batchSize < 1) {
        throw new IllegalArgumentException("batchSize must be at least 1: " + batchSize);
      }
    }
  }

  /** A listener that hears how many examples are done, of all passes. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Hears how far the estimate is.
     *
     * @param examples the number of examples done, at most count times passes
     */
    void done(long examples);
  }

  /**
   * Makes the estimator of a process that is alone.
   *
   * @param objective the objective, which scores as {@link Objective#likelihood} does
   * @param settings the seed of times and masks, the number of passes and the examples of a batch
   */
  public LikelihoodEstimator(Objective objective, Settings settings) {
    this(objective, settings, Division.whole());
  }

  /**
   * Makes the estimator of a part of the batches.
   *
   * @param objective the objective, which scores as {@link Objective#likelihood} does
   * @param settings the seed of times and masks, the number of passes and the examples of a batch
   * @param division the division of the batches; where it knows all losses, the result is the same
   *     to the last bit as that of one part
   */
  public LikelihoodEstimator(Objective objective, Settings settings, Division division) {
    this.objective = objective.likelihood();
    this.settings = settings;
    this.noise = new Noise(settings.seed);
    this.division = division;
  }

  /**
   * {@return the estimate over all examples}
   *
   * @param manager the owner of the network's arrays, one batch at a time; its device is that of
   *     the network
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param examples the held-out sequences of length N and their documents
   * @param progress hears, after each batch, how many examples are done
   */
  public LikelihoodEstimate estimate(
      NDManager manager, Denoiser denoiser, Examples examples, Progress progress) {
    return score(manager, denoiser, examples, progress).estimate();
  }

  /**
   * As {@link #estimate}, kept in parts, to be compared with others.
   *
   * @param manager the owner of the network's arrays; its device is that of the network
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param examples the held-out sequences of length N and their documents
   * @param progress hears, after each batch, how many examples are done
   * @return the estimate in parts
   */
  public BoundEstimate score(
      NDManager manager, Denoiser denoiser, Examples examples, Progress progress) {
    return score(batch -> batch.losses(manager, denoiser, objective.rowLoss()), examples, progress);
  }

  /** A network in any form that gives the losses of what is asked. */
  @FunctionalInterface
  public interface Losses {
    /**
     * {@return the losses of a batch's asked positions in order, nats, [{@link
     * QueryBatch#askedCount}]}
     *
     * @param batch what the network is shown and asked
     */
    float[] of(QueryBatch batch);
  }

  /**
   * As {@link #score(NDManager, Denoiser, Examples, Progress)}, of a network in any form.
   *
   * @param losses the source of the losses under the objective's {@link Objective#likelihood}
   * @param examples the held-out sequences of length N and their documents
   * @param progress hears, after each batch, how many examples are done
   * @return the estimate in parts
   */
  public BoundEstimate score(Losses losses, Examples examples, Progress progress) {
    BoundSums sums = BoundSums.of(objective, examples, settings.passes);
    long ofRound = (long) settings.batchSize * division.parts();
    for (int pass = 0; pass < settings.passes; pass++) {
      for (long first = 0; first < examples.count(); first += ofRound) {
        long end = Math.min(first + ofRound, examples.count());
        addRound(sums, losses, batches(examples, pass, first, end));
        progress.done(pass * examples.count() + end);
      }
    }
    return sums.estimate(settings);
  }

  private void addRound(BoundSums sums, Losses losses, List<Batch> round) {
    List<Optional<byte[]>> results =
        division.round(
            round.stream()
                .<Supplier<byte[]>>map(batch -> () -> bytes(losses.of(batch.queries())))
                .toList());
    for (int i = 0; i < round.size(); i++) {
      Batch batch = round.get(i);
      results
          .get(i)
          .ifPresent(
              found -> sums.add(batch.first, batch.pass, batch.v, batch.queries(), floats(found)));
    }
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
    return values;
  }

  private List<Batch> batches(Examples examples, int pass, long start, long end) {
    List<Batch> round = new ArrayList<>();
    for (long first = start; first < end; first += settings.batchSize) {
      int size = (int) Math.min(settings.batchSize, end - first);
      round.add(new Batch(examples, pass, first, stratified(pass, first, size, examples.count())));
    }
    return round;
  }

  /** A batch whose queries are made when they are wanted. */
  private final class Batch {
    private final Examples examples;
    private final int pass;
    private final long first;
    private final double[] v;
    private QueryBatch queries;

    Batch(Examples examples, int pass, long first, double[] v) {
      this.examples = examples;
      this.pass = pass;
      this.first = first;
      this.v = v;
    }

    QueryBatch queries() {
      if (queries == null) {
        queries = batch(examples, pass, first, v);
      }
      return queries;
    }
  }

  private QueryBatch batch(Examples examples, int pass, long first, double[] v) {
    int size = v.length;
    int[][] x = new int[size][examples.length()];
    int[] labels = new int[size];
    List<Query> queries = new ArrayList<>();
    for (int b = 0; b < size; b++) {
      long index = first + b;
      examples.read(index, x[b]);
      labels[b] = examples.label(index);
      double[] u = noise.uniforms(Purpose.EVALUATION_MASK, pass, index, examples.scored(index));
      int given = examples.given(index);
      queries.add(
          given == 0 ? objective.query(x[b], v[b], u) : objective.queryAfter(given, x[b], u));
    }
    return QueryBatch.of(x, labels, queries);
  }

  /** The stratified uniforms of consecutive examples, by their places in their groups. */
  private double[] stratified(int pass, long first, int size, long count) {
    double[] v = new double[size];
    double[] ofGroup = {};
    for (int b = 0; b < size; b++) {
      int place = (int) ((first + b) % GROUP);
      if (b == 0 || place == 0) {
        ofGroup = stratified(pass, (first + b) / GROUP, count);
      }
      v[b] = ofGroup[place];
    }
    return v;
  }

  private double[] stratified(int pass, long group, long count) {
    double[] u = new double[(int) Math.min(GROUP, count - group * GROUP)];
    u[0] = noise.uniform(Purpose.EVALUATION_TIME, pass, group, 0);
    return new TimeSampling.LowDiscrepancy().times(u);
  }
}
