// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.Arrays;

/** Answers of a network, added up by document and by group of examples. */
final class Scoring {
  private final Examples examples;
  private final Scores.Unit unit;
  private final Tally all;
  private final Tally withinEnds;
  private final Tally.Sizes sizes;
  private double known;

  private Scoring(Examples examples, Scores.Unit unit, Tally.Sizes sizes, int passes) {
    this.examples = examples;
    this.unit = unit;
    this.sizes = sizes;
    this.all = new Tally(sizes.ofDocument().length, sizes.ofGroup().length, passes);
    this.withinEnds = new Tally(sizes.ofDocument().length, sizes.ofGroup().length, passes);
  }

  /** Returns empty sums; reads which documents there are. */
  static Scoring of(Examples examples, int passes) {
    if (examples.documentCount() > 0) {
      Tally.Sizes byDocument = sizes(examples, Scores.Unit.DOCUMENTS);
      if (Bootstrap.isEnough(byDocument.ofDocument())) {
        return new Scoring(examples, Scores.Unit.DOCUMENTS, byDocument, passes);
      }
    }
    Scores.Unit chunks = Scores.Unit.CHUNKS;
    return new Scoring(examples, chunks, sizes(examples, chunks), passes);
  }

  private static Tally.Sizes sizes(Examples examples, Scores.Unit unit) {
    int groups =
        Math.toIntExact(
            (examples.count() + LikelihoodEstimator.GROUP - 1) / LikelihoodEstimator.GROUP);
    long units = unit == Scores.Unit.CHUNKS ? examples.count() : examples.documentCount();
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

  private static int[] documents(Examples examples, Scores.Unit unit, long index) {
    int[] documents = new int[examples.length()];
    if (unit == Scores.Unit.CHUNKS) {
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

  Scores scores(BoundEstimator estimator, LikelihoodEstimator.Settings settings) {
    double ofToken = known / (sizes.tokens() * settings.passes());
    Scores.Data data = new Scores.Data(sizes, examples.count(), unit, ofToken);
    return new Scores(estimator, settings, all, withinEnds, data);
  }
}
