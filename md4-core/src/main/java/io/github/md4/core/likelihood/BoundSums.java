// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import java.util.Arrays;

/** The losses of queries, added up by document and by group of examples. */
final class BoundSums {
  /** The most sums that are kept, one for each pass of each group of examples: 1 GiB. */
  private static final long MOST_SUMS = 1 << 27;

  /** With fewer documents their spread is not known. */
  private static final int LEAST_DOCUMENTS = 10;

  private final Objective objective;
  private final Examples examples;
  private final BoundEstimate.Unit unit;
  private final Tally all;
  private final Tally withinEnds;
  private final Tally.Sizes sizes;
  private double known;

  private BoundSums(
      Objective objective,
      Examples examples,
      BoundEstimate.Unit unit,
      Tally.Sizes sizes,
      int passes) {
    this.objective = objective;
    this.examples = examples;
    this.unit = unit;
    this.sizes = sizes;
    this.all = new Tally(sizes.ofGroup().length, passes, strata());
    this.withinEnds = new Tally(sizes.ofGroup().length, passes, strata());
  }

  private TimeStrata strata() {
    int units = sizes.ofDocument().length;
    return unit == BoundEstimate.Unit.CHUNKS
        ? TimeStrata.single(units)
        : TimeStrata.empty(DocumentRuns.of(examples, units), examples.count());
  }

  /**
   * Returns empty sums; reads which documents there are.
   *
   * @throws InvalidConfigException if the sums of so many passes fill the memory
   */
  static BoundSums of(Objective objective, Examples examples, int passes) {
    long most = Math.max(1, MOST_SUMS / 2 / Math.max(1, groups(examples)));
    if (passes > most) {
      throw new InvalidConfigException(
          "passes",
          "must be at most %,d for %,d examples: %,d".formatted(most, examples.count(), passes));
    }
    if (examples.documentCount() > 0) {
      Tally.Sizes byDocument = sizes(examples, BoundEstimate.Unit.DOCUMENTS);
      if (count(byDocument.ofDocument()) >= LEAST_DOCUMENTS) {
        return new BoundSums(objective, examples, BoundEstimate.Unit.DOCUMENTS, byDocument, passes);
      }
    }
    BoundEstimate.Unit chunks = BoundEstimate.Unit.CHUNKS;
    return new BoundSums(objective, examples, chunks, sizes(examples, chunks), passes);
  }

  /** Returns how many units have tokens. */
  static long count(long[] ofUnit) {
    return Arrays.stream(ofUnit).filter(tokens -> tokens > 0).count();
  }

  private static int groups(Examples examples) {
    return Math.toIntExact(
        (examples.count() + LikelihoodEstimator.GROUP - 1) / LikelihoodEstimator.GROUP);
  }

  private static Tally.Sizes sizes(Examples examples, BoundEstimate.Unit unit) {
    int groups = groups(examples);
    long units = unit == BoundEstimate.Unit.CHUNKS ? examples.count() : examples.documentCount();
    long[] ofDocument = new long[Math.toIntExact(units)];
    long[] ofGroup = new long[groups];
    for (long index = 0; index < examples.count(); index++) {
      int[] documents = documents(examples, unit, index);
      int scored = examples.scored(index);
      int given = examples.given(index);
      for (int n = given; n < scored; n++) {
        ofDocument[documents[n]]++;
      }
      ofGroup[group(index)] += scored - given;
    }
    return new Tally.Sizes(ofDocument, ofGroup);
  }

  private static int[] documents(Examples examples, BoundEstimate.Unit unit, long index) {
    int[] documents = new int[examples.length()];
    if (unit == BoundEstimate.Unit.CHUNKS) {
      Arrays.fill(documents, Math.toIntExact(index));
    } else {
      examples.readDocuments(index, documents);
    }
    return documents;
  }

  private static int group(long index) {
    return (int) (index / LikelihoodEstimator.GROUP);
  }

  /**
   * Adds a batch.
   *
   * @param first the number of its first example
   * @param v the uniforms that chose the times of its examples
   * @param losses as {@link QueryBatch#losses} gives them
   */
  void add(long first, int pass, double[] v, QueryBatch batch, float[] losses) {
    int r = 0;
    for (int b = 0; b < batch.batchSize(); b++) {
      int[] documents = documents(examples, unit, first + b);
      for (; r < losses.length && batch.example(r) == b; r++) {
        double nats = batch.weight(b) * losses[r];
        int document = documents[batch.position(r)];
        all.add(document, group(first + b), pass, v[b], nats);
        if (batch.isWithinEnds(b)) {
          withinEnds.add(document, group(first + b), pass, v[b], nats);
        }
      }
      addKnown(first + b, documents, pass, v[b], batch.x()[b]);
    }
  }

  /** Adds what is known of an example without a network, and counts its tokens. */
  private void addKnown(long index, int[] documents, int pass, double v, int[] x) {
    int scored = examples.scored(index);
    for (int n = examples.given(index); n < scored; n++) {
      double nats = objective.known(x[n]);
      all.add(documents[n], group(index), pass, v, nats);
      all.strata().count(documents[n], v);
      withinEnds.strata().count(documents[n], v);
      known += nats;
    }
  }

  BoundEstimate estimate(LikelihoodEstimator.Settings settings) {
    double ofToken = known / (sizes.tokens() * settings.passes());
    BoundEstimate.Data data = new BoundEstimate.Data(sizes, examples.count(), unit, ofToken);
    return new BoundEstimate(objective, settings, all, withinEnds, data);
  }
}
