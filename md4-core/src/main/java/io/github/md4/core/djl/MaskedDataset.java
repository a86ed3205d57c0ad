// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.djl;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.Batch;
import ai.djl.training.dataset.Dataset;
import ai.djl.translate.Batchifier;
import ai.djl.translate.StackBatchifier;
import ai.djl.util.Progress;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.TimeSampling;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Clean sequences as a data set of DJL whose batches are masked: data are the inputs of a block,
 * labels are those of {@link MaskedLoss}: x, int64 [B, N], zt, int64 [B, N], and t, float32 [B].
 *
 * <p>Order, times and masks are functions of the seed, the epoch and the sequence; an epoch is one
 * call of {@link #getData}. The last batch of an epoch may be smaller. Times of a batch are at
 * equal distances with one offset ({@link TimeSampling.LowDiscrepancy}). Several threads may
 * iterate at once, over epochs of their own. A batch has a manager of its own, below the one given
 * to {@code getData}; whoever iterates closes it, as DJL's trainer does.
 */
public final class MaskedDataset implements Dataset {
  private final List<int[]> sequences;
  private final Objective objective;
  private final BlockInputs inputs;
  private final int batchSize;
  private final Noise noise;
  private final AtomicLong epochs = new AtomicLong();

  /**
   * Makes the data set.
   *
   * @param sequences clean tokens in [0, V), all of one length; the arrays are not copied
   * @param objective what chooses times and masks from uniforms: that of the loss's bound, such as
   *     {@code Md4Objective} for {@code NDBound.Md4} with the same schedule
   * @param inputs the form of the block's input
   * @param batchSize B, the sequences of a batch, at least 1
   * @param seed the seed of times, masks and order: the same gives the same batches
   * @throws IllegalArgumentException if there is no sequence, lengths differ, a token is not in [0,
   *     V), or {@code batchSize} is below 1
   */
  public MaskedDataset(
      List<int[]> sequences, Objective objective, BlockInputs inputs, int batchSize, long seed) {
    require(!sequences.isEmpty(), "there must be at least one sequence", sequences.size());
    require(batchSize >= 1, "batchSize must be at least 1", batchSize);
    this.sequences = List.copyOf(sequences);
    this.objective = Objects.requireNonNull(objective, "objective");
    this.inputs = Objects.requireNonNull(inputs, "inputs");
    this.batchSize = batchSize;
    this.noise = new Noise(seed);
    this.sequences.forEach(this::check);
  }

  private void check(int[] sequence) {
    int length = sequences.get(0).length;
    require(
        sequence.length == length,
        "sequences must have one length",
        length + ", " + sequence.length);
    int vocabularySize = objective.space().vocabularySize();
    for (int token : sequence) {
      require(
          token >= 0 && token < vocabularySize,
          "tokens must be in [0, %d)".formatted(vocabularySize),
          token);
    }
  }

  /**
   * {@return the number of batches of an epoch: the sequences over {@code batchSize}, rounded up}
   */
  public int batches() {
    return (sequences.size() + batchSize - 1) / batchSize;
  }

  @Override
  public Iterable<Batch> getData(NDManager manager) {
    long epoch = epochs.getAndIncrement();
    int[] order = order(epoch);
    return () -> batches(manager, epoch, order);
  }

  /** As {@link #getData(NDManager)}: batches are made on the calling thread. */
  @Override
  public Iterable<Batch> getData(NDManager manager, ExecutorService executor) {
    return getData(manager);
  }

  @Override
  public void prepare(Progress progress) {}

  private int[] order(long epoch) {
    double[] u = noise.uniforms(Purpose.DATA_ORDER, epoch, 0, sequences.size());
    return IntStream.range(0, u.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> u[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private Iterator<Batch> batches(NDManager manager, long epoch, int[] order) {
    return IntStream.range(0, batches())
        .mapToObj(
            index -> {
              int first = index * batchSize;
              int end = Math.min(order.length, first + batchSize);
              int[] chosen = IntStream.range(first, end).map(i -> order[i]).toArray();
              return batch(manager.newSubManager(), epoch, index, chosen);
            })
        .iterator();
  }

  private Batch batch(NDManager manager, long epoch, int index, int[] chosen) {
    int length = sequences.get(0).length;
    long[] x = new long[chosen.length * length];
    long[] zt = new long[x.length];
    float[] t = new float[chosen.length];
    double[] v = times(epoch, chosen);
    for (int b = 0; b < chosen.length; b++) {
      int[] clean = sequences.get(chosen[b]);
      double[] u = noise.uniforms(Purpose.MASK, epoch, chosen[b], length);
      Query query = objective.query(clean, v[b], u);
      t[b] = (float) query.time();
      for (int n = 0; n < length; n++) {
        x[b * length + n] = clean[n];
        zt[b * length + n] = query.zt()[n];
      }
    }
    Shape shape = new Shape(chosen.length, length);
    NDArray masked = manager.create(zt, shape);
    NDArray time = manager.create(t);
    NDList labels = new NDList(manager.create(x, shape), masked, time);
    Batchifier stack = new StackBatchifier();
    NDList data = inputs.of(masked, time);
    return new Batch(manager, data, labels, chosen.length, stack, stack, index, batches());
  }

  private double[] times(long epoch, int[] chosen) {
    double[] u =
        IntStream.of(chosen)
            .mapToDouble(example -> noise.uniform(Purpose.TIME, epoch, example, 0))
            .toArray();
    return new TimeSampling.LowDiscrepancy().times(u);
  }
}
