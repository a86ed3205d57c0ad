// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Units;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.loss.AskedLoss;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.RowLoss;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Queries about several examples at once, known to the host before any network runs: so the network
 * answers for the asked positions alone, and nothing waits for the device to learn where they are.
 *
 * <p>The rows are the asked positions in order, flat in [0, B N). Where nothing is asked one row
 * stands in, whose weight is zero: a network answers for at least one. {@link #filled} has more of
 * those. Immutable, unless somebody changes its arrays, which are not copied.
 */
public final class QueryBatch {
  private final int[][] x;
  private final int[][] zt;
  private final Condition condition;
  private final double[] weights;
  private final boolean[] isWithinEnds;
  private final int[] rows;
  private final BitSet isAsked; // of the rows; the others stand in
  private final float[][] facts; // of the rows, [k][R]

  private QueryBatch(
      int[][] x,
      int[][] zt,
      Condition condition,
      double[] weights,
      boolean[] isWithinEnds,
      int[] rows,
      BitSet isAsked,
      float[][] facts) {
    this.x = x;
    this.zt = zt;
    this.condition = condition;
    this.weights = weights;
    this.isWithinEnds = isWithinEnds;
    this.rows = rows;
    this.isAsked = isAsked;
    this.facts = facts;
  }

  /**
   * {@return a batch of queries}
   *
   * @param x clean tokens, in [0, V), [B][N], B at least 1
   * @param labels the class of each example, or {@link Condition#NO_LABEL} for all
   * @param queries one query for each example, in their order
   * @throws IllegalArgumentException if there is no example, the three differ in their number, a
   *     sequence is not of the length N, positions do not ascend in [0, N), facts are not one for
   *     each position, or some examples have a class and some have none
   */
  public static QueryBatch of(int[][] x, int[] labels, List<Query> queries) {
    int batchSize = x.length;
    if (batchSize == 0 || batchSize != queries.size() || batchSize != labels.length) {
      throw new IllegalArgumentException(
          "x, labels and queries must have one entry an example: %d, %d, %d"
              .formatted(batchSize, labels.length, queries.size()));
    }
    checkSequences(x, queries);
    int[][] zt = new int[batchSize][];
    double[] times = new double[batchSize];
    double[] weights = new double[batchSize];
    boolean[] isWithinEnds = new boolean[batchSize];
    for (int b = 0; b < batchSize; b++) {
      Query query = queries.get(b);
      zt[b] = query.zt();
      times[b] = query.time();
      weights[b] = query.weight();
      isWithinEnds[b] = query.isWithinEnds();
    }
    int[] asked = rows(x[0].length, queries);
    return new QueryBatch(
        x,
        zt,
        Condition.of(times, labels).with(queries.stream().map(Query::vectors).toList()),
        weights,
        isWithinEnds,
        atLeastOne(asked),
        firstBits(asked.length),
        facts(queries));
  }

  /** Returns the rows, or row 0 where there is none. */
  private static int[] atLeastOne(int... rows) {
    return Arrays.copyOf(rows, Math.max(rows.length, 1));
  }

  private static BitSet firstBits(int count) {
    BitSet bits = new BitSet();
    bits.set(0, count);
    return bits;
  }

  private static void checkSequences(int[][] x, List<Query> queries) {
    int length = x[0].length;
    int facts = queries.get(0).facts().length;
    for (int b = 0; b < x.length; b++) {
      Query query = queries.get(b);
      if (x[b].length != length || query.zt().length != length) {
        throw new IllegalArgumentException(
            "all sequences must have one length: %d, %d, %d"
                .formatted(length, x[b].length, query.zt().length));
      }
      checkPositions(query.positions(), length);
      boolean fits = query.facts().length == facts;
      for (float[] fact : query.facts()) {
        fits &= fact.length == query.positions().length;
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "there must be %d facts for each of %d positions"
                .formatted(facts, query.positions().length));
      }
    }
  }

  private static void checkPositions(int[] positions, int length) {
    int before = -1;
    for (int position : positions) {
      if (position <= before || position >= length) {
        throw new IllegalArgumentException(
            "positions must ascend in [0, %d): %s".formatted(length, Arrays.toString(positions)));
      }
      before = position;
    }
  }

  /** Returns the queries' facts one after another; those of a row that stands in are zero. */
  private static float[][] facts(List<Query> queries) {
    float[][] facts = new float[queries.get(0).facts().length][];
    int count = queries.stream().mapToInt(query -> query.positions().length).sum();
    for (int k = 0; k < facts.length; k++) {
      facts[k] = new float[Math.max(1, count)];
      int r = 0;
      for (Query query : queries) {
        System.arraycopy(query.facts()[k], 0, facts[k], r, query.positions().length);
        r += query.positions().length;
      }
    }
    return facts;
  }

  private static int[] rows(int length, List<Query> queries) {
    int count = queries.stream().mapToInt(query -> query.positions().length).sum();
    int[] rows = new int[count];
    int r = 0;
    for (int b = 0; b < queries.size(); b++) {
      for (int position : queries.get(b).positions()) {
        rows[r++] = b * length + position;
      }
    }
    return rows;
  }

  /**
   * {@return the batch of the first examples}
   *
   * @param examples the number of examples to keep, in [1, B]
   */
  public QueryBatch first(int examples) {
    int end = examples * length();
    int[] kept = isAsked.stream().filter(r -> rows[r] < end).toArray();
    return new QueryBatch(
        Arrays.copyOf(x, examples),
        Arrays.copyOf(zt, examples),
        condition.first(examples),
        Arrays.copyOf(weights, examples),
        Arrays.copyOf(isWithinEnds, examples),
        atLeastOne(Arrays.stream(kept).map(r -> rows[r]).toArray()),
        firstBits(kept.length),
        factsOf(atLeastOne(kept)));
  }

  /** Returns the facts of some of the rows. */
  private float[][] factsOf(int... some) {
    float[][] ofSome = new float[facts.length][some.length];
    for (int k = 0; k < facts.length; k++) {
      for (int i = 0; i < some.length; i++) {
        ofSome[k][i] = facts[k][some[i]];
      }
    }
    return ofSome;
  }

  /**
   * Returns the same queries with more rows: positions that nobody asks about stand in, the last
   * ones of the batch, whose weights are zero and whose facts are those of the asked row before
   * them. So the arrays of many batches have one of a few sizes, however many positions each asks
   * about.
   *
   * @param step the number of rows is filled up to a multiple of it, or to B N where that is less;
   *     at least 1
   * @return a batch with the same examples, which shares their arrays
   */
  public QueryBatch filled(int step) {
    int wanted = Math.min((rows.length + step - 1) / step * step, batchSize() * length());
    if (wanted == rows.length) {
      return this;
    }
    BitSet positions = new BitSet();
    Arrays.stream(rows).forEach(positions::set);
    int last = batchSize() * length();
    for (int more = wanted - rows.length; more > 0; more--) {
      last = positions.previousClearBit(last - 1);
      positions.set(last);
    }
    int[] filled = positions.stream().toArray();
    int[] before = new int[wanted]; // the row whose facts each has
    BitSet stays = new BitSet();
    int r = 0;
    for (int to = 0; to < wanted; to++) {
      boolean isOld = r < rows.length && rows[r] == filled[to];
      stays.set(to, isOld && isAsked.get(r));
      r += isOld ? 1 : 0;
      before[to] = Math.max(r - 1, 0);
    }
    return new QueryBatch(x, zt, condition, weights, isWithinEnds, filled, stays, factsOf(before));
  }

  /** {@return B, the number of examples, at least 1} */
  public int batchSize() {
    return x.length;
  }

  /** {@return N, the tokens of each example} */
  public int length() {
    return x[0].length;
  }

  /** {@return how many positions are asked, in [0, B N]} */
  public int askedCount() {
    return isAsked.cardinality();
  }

  /** {@return the times and classes told to the network, of B examples} */
  public Condition condition() {
    return condition;
  }

  /**
   * {@return the time of an example, in [0, 1]}
   *
   * @param example the example's number in the batch, in [0, B)
   */
  public double time(int example) {
    return condition.times()[example];
  }

  /**
   * {@return the factor of the sum of an example's losses, at least 0}
   *
   * @param example the example's number in the batch, in [0, B)
   */
  public double weight(int example) {
    return weights[example];
  }

  /**
   * {@return whether the bound of continuous time counts an example's query}
   *
   * @param example the example's number in the batch, in [0, B)
   */
  public boolean isWithinEnds(int example) {
    return isWithinEnds[example];
  }

  /**
   * {@return the example to which a row belongs}
   *
   * @param row a row's number in the batch, in [0, R): asked positions in order
   */
  public int example(int row) {
    return rows[row] / length();
  }

  /**
   * {@return the position in its example of a row}
   *
   * @param row a row's number in the batch, in [0, R): asked positions in order
   */
  public int position(int row) {
    return rows[row] % length();
  }

  /** {@return the clean tokens [B][N]; not to be changed} */
  public int[][] x() {
    return x;
  }

  /** {@return the tokens shown [B][N]; not to be changed} */
  public int[][] zt() {
    return zt;
  }

  /** {@return the rows, flat positions in [0, B N) in ascending order; not to be changed} */
  public int[] rows() {
    return rows;
  }

  /** {@return the clean tokens at the rows, in [0, V), [R], new} */
  public int[] targets() {
    int[] targets = new int[rows.length];
    for (int r = 0; r < rows.length; r++) {
      targets[r] = x[example(r)][position(r)];
    }
    return targets;
  }

  /** {@return what is known of the rows: targets, tokens shown and facts, of R rows} */
  public AskedRows asked() {
    int[] shown = new int[rows.length];
    for (int r = 0; r < rows.length; r++) {
      shown[r] = zt[example(r)][position(r)];
    }
    return new AskedRows(targets(), shown, facts);
  }

  /**
   * Returns the factor of each row's loss in a training loss, which is the mean over the sequences
   * of a step in bits per token.
   *
   * @param sequences the sequences of the whole step, of which this may be a part, at least 1
   * @return [R], at least zero; zero for rows that stand in
   */
  public float[] rowWeights(int sequences) {
    double tokens = (double) sequences * length();
    float[] perRow = new float[rows.length];
    isAsked.stream()
        .forEach(r -> perRow[r] = (float) Units.bitsPerToken(weights[example(r)] / tokens));
    return perRow;
  }

  /**
   * Returns the weighted sum of each example's losses, nats.
   *
   * @param ofRows the losses of the rows before their weights, nats, [R]; those of rows that stand
   *     in are of no effect
   * @return nats, [B]
   */
  public double[] values(float[] ofRows) {
    double[] values = new double[batchSize()];
    isAsked.stream().forEach(r -> values[example(r)] += ofRows[r]);
    for (int b = 0; b < values.length; b++) {
      values[b] *= weights[b];
    }
    return values;
  }

  /**
   * Asks a network, and returns the loss of every row, nats, [R]; none, and no network is called,
   * where nothing is asked. What is made on the device is freed.
   *
   * @param parent the manager of the device on which the network runs
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param loss the loss of a row
   * @return the losses of the rows before their weights, in order, nats
   */
  public float[] losses(NDManager parent, Denoiser denoiser, RowLoss loss) {
    if (isAsked.isEmpty()) {
      return new float[0];
    }
    try (NDManager scope = parent.newSubManager()) {
      return losses(scope, Upload.plain(), denoiser, loss).toFloatArray(); // [R]
    }
  }

  /**
   * Asks a network where something is asked, and returns the loss of every row, nats, float32 [R],
   * attached to {@code scope}. A GPU may still have to compute them.
   *
   * @param scope the owner of what is made on the device
   * @param upload takes the batch to the device
   * @param denoiser the network
   * @param loss the loss of a row
   */
  NDArray losses(NDManager scope, Upload upload, Denoiser denoiser, RowLoss loss) {
    AskedLoss asked = new AskedLoss(loss, asked());
    long[] shown = Arrays.stream(zt).flatMapToInt(Arrays::stream).asLongStream().toArray();
    long[] positions = Arrays.stream(rows).asLongStream().toArray();
    upload.begin((long) Long.BYTES * (shown.length + positions.length));
    NDArray tokens = upload.longs(scope, shown, new Shape(batchSize(), length())); // [B, N]
    NDArray at = upload.longs(scope, positions, new Shape(positions.length)); // [R]
    upload.end();
    return denoiser.losses(tokens, condition, at, asked);
  }
}
