// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.TimeSampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The batches of an estimate, pass by pass and in rounds of one for each part of a division. A part
 * has the same place in every round; the last round of a pass may have fewer places.
 */
final class ScoredBatches {
  private final Objective objective;
  private final Examples examples;
  private final LikelihoodEstimator.Settings settings;
  private final Noise noise;
  private final Batch[] upcoming; // at each place; null after its last

  /**
   * @param parts the places of a round
   */
  ScoredBatches(
      Objective objective, Examples examples, LikelihoodEstimator.Settings settings, int parts) {
    this.objective = objective;
    this.examples = examples;
    this.settings = settings;
    this.noise = new Noise(settings.seed());
    this.upcoming = new Batch[parts];
    for (int place = 0; place < parts; place++) {
      upcoming[place] = batch(0, (long) place * settings.batchSize()).orElse(null);
    }
  }

  /** Returns the batches of the next round, in the order of their places; none after the last. */
  List<Batch> round() {
    List<Batch> round = new ArrayList<>();
    for (int place = 0; place < upcoming.length; place++) {
      Batch batch = upcoming[place];
      // A place that the last round of a pass has not goes on in the next pass.
      if (batch != null && (round.isEmpty() || batch.pass == round.get(0).pass)) {
        round.add(batch);
        upcoming[place] = batch.next().orElse(null);
      }
    }
    return round;
  }

  /** Returns the batch that begins at an example; empty where there is no such example or pass. */
  private Optional<Batch> batch(int pass, long first) {
    return first < examples.count() && pass < settings.passes()
        ? Optional.of(new Batch(pass, first))
        : Optional.empty();
  }

  /** A batch whose queries are made when they are wanted. */
  final class Batch {
    private final int pass;
    private final long first;
    private final double[] v;
    private QueryBatch queries; // null until they are wanted
    private Batch next; // null until it is wanted, and after the last

    Batch(int pass, long first) {
      this.pass = pass;
      this.first = first;
      this.v = stratified(pass, first);
    }

    QueryBatch queries() {
      if (queries == null) {
        queries = ScoredBatches.this.queries(pass, first, v);
      }
      return queries;
    }

    /** Returns the batch at the same place of the next round that has it, always the same one. */
    Optional<Batch> next() {
      if (next == null) {
        long ofRound = (long) settings.batchSize() * upcoming.length;
        next = batch(pass, first + ofRound).or(() -> batch(pass + 1, first % ofRound)).orElse(null);
      }
      return Optional.ofNullable(next);
    }

    /** Returns how many examples are done with this batch and those before it, of all passes. */
    long done() {
      return pass * examples.count() + first + v.length;
    }

    /** Adds the losses of the batch. */
    void addTo(BoundSums sums, float[] losses) {
      sums.add(first, pass, v, queries(), losses);
    }
  }

  private QueryBatch queries(int pass, long first, double[] v) {
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

  /** Returns the stratified uniforms of a batch's examples, by their places in their groups. */
  private double[] stratified(int pass, long first) {
    int group = LikelihoodEstimator.GROUP;
    double[] v = new double[(int) Math.min(settings.batchSize(), examples.count() - first)];
    double[] ofGroup = {};
    for (int b = 0; b < v.length; b++) {
      int place = (int) ((first + b) % group);
      if (b == 0 || place == 0) {
        ofGroup = ofGroup(pass, (first + b) / group);
      }
      v[b] = ofGroup[place];
    }
    return v;
  }

  private double[] ofGroup(int pass, long number) {
    int group = LikelihoodEstimator.GROUP;
    double[] u = new double[(int) Math.min(group, examples.count() - number * group)];
    u[0] = noise.uniform(Purpose.EVALUATION_TIME, pass, number, 0);
    return new TimeSampling.LowDiscrepancy().times(u);
  }
}
