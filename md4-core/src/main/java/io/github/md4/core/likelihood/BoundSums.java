// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;

/** Answers of a network, added up by document and by group of examples. */
final class BoundSums {
  private final Examples examples;
  private final BoundEstimate.Unit unit;
  private final Tally all;
  private final Tally withinEnds;
  private final Tally.Sizes sizes;
  private double known;

  private BoundSums(Examples examples, BoundEstimate.Unit unit, Tally.Sizes sizes, int passes) {
    this.examples = examples;
    this.unit = unit;
    this.sizes = sizes;
    this.all = new Tally(sizes.ofDocument().length, sizes.ofGroup().length, passes);
    this.withinEnds = new Tally(sizes.ofDocument().length, sizes.ofGroup().length, passes);
  }

  /** Returns empty sums; reads which documents there are. */
  static BoundSums of(Examples examples, int passes) {
    if (examples.documentCount() > 0) {
      Tally.Sizes byDocument = sizes(examples, BoundEstimate.Unit.DOCUMENTS);
      if (Bootstrap.isEnough(byDocument.ofDocument())) {
        return new BoundSums(examples, BoundEstimate.Unit.DOCUMENTS, byDocument, passes);
      }
    }
    BoundEstimate.Unit chunks = BoundEstimate.Unit.CHUNKS;
    return new BoundSums(examples, chunks, sizes(examples, chunks), passes);
  }

  private static Tally.Sizes sizes(Examples examples, BoundEstimate.Unit unit) {
    int groups =
        Math.toIntExact(
            (examples.count() + LikelihoodEstimator.GROUP - 1) / LikelihoodEstimator.GROUP);
    long units = unit == BoundEstimate.Unit.CHUNKS ? examples.count() : examples.documentCount();
    long[] ofDocument = new long[Math.toIntExact(units)];
    long[] ofGroup = new long[groups];
    for (long index = 0; index < examples.count(); index++) {
      int[] documents = documents(examples, unit, index);
      int scored = examples.scored(index);
      for (int n = 0; n < scored; n++) {
        ofDocument[documents[n]]++;
      }
      ofGroup[group(index)] += scored;
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
   * @param losses as {@link QuestionBatch#ask} gives them
   */
  void add(long first, int pass, QuestionBatch batch, float[] losses) {
    int r = 0;
    for (int b = 0; b < batch.questions().size(); b++) {
      BoundEstimator.Question question = batch.questions().get(b);
      int[] documents = documents(examples, unit, first + b);
      for (int position : question.positions()) {
        double nats = question.weight() * losses[r++];
        all.add(documents[position], group(first + b), pass, nats);
        if (question.isWithinEnds()) {
          withinEnds.add(documents[position], group(first + b), pass, nats);
        }
      }
      addKnown(first + b, pass, batch.estimator(), batch.x()[b]);
    }
  }

  private void addKnown(long index, int pass, BoundEstimator estimator, int[] x) {
    int[] documents = documents(examples, unit, index);
    int scored = examples.scored(index);
    for (int n = 0; n < scored; n++) {
      double nats = estimator.known(x[n]);
      all.add(documents[n], group(index), pass, nats);
      known += nats;
    }
  }

  BoundEstimate scores(BoundEstimator estimator, LikelihoodEstimator.Settings settings) {
    double ofToken = known / (sizes.tokens() * settings.passes());
    BoundEstimate.Data data = new BoundEstimate.Data(sizes, examples.count(), unit, ofToken);
    return new BoundEstimate(estimator, settings, all, withinEnds, data);
  }
}
