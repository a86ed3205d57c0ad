// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A call of the network for sequences of one length, or of several where the network takes them:
 * one array goes to the device before it, and what each part makes of its logits comes back after
 * it, with no wait between.
 *
 * @param manager the manager, and so the device, of the arrays that the denoiser is given; every
 *     array is freed at the end of the call
 */
public record NetworkCall(NDManager manager, Denoiser denoiser, DrawKernels kernels)
    implements Caller {
  /** The sequences of a call, one length after another, and the first position of each. */
  private static final class Batch {
    private final Map<Integer, List<ShownSequence>> lengths = new LinkedHashMap<>();
    private final IdentityHashMap<ShownSequence, Integer> starts = new IdentityHashMap<>();
    private final List<ShownSequence> all = new ArrayList<>();
    private final int positions;

    Batch(List<CallPart> parts) {
      for (CallPart part : parts) {
        for (ShownSequence each : part.sequences()) {
          lengths.computeIfAbsent(each.shown().length, unused -> new ArrayList<>()).add(each);
        }
      }
      int first = 0;
      for (List<ShownSequence> ofLength : lengths.values()) {
        for (ShownSequence each : ofLength) {
          starts.put(each, first);
          first += each.shown().length;
        }
        all.addAll(ofLength);
      }
      positions = first;
    }
  }

  @Override
  public boolean takesLengths() {
    return denoiser.mixedLengths().isPresent();
  }

  /**
   * Computes the logits of all parts at once.
   *
   * @param parts at least one
   */
  @Override
  public void run(List<CallPart> parts) {
    Batch batch = new Batch(parts);
    if (parts.size() == 1 && batch.lengths.size() == 1) {
      Optional<double[]> draws = atOnce(parts.get(0));
      if (draws.isPresent()) {
        parts.get(0).take(new Draws(draws.get(), parts.get(0).rows(), 0));
        return;
      }
    }
    int rows = parts.stream().mapToInt(CallPart::rows).sum();
    int columns = parts.stream().mapToInt(CallPart::columns).max().orElseThrow();
    try (NDManager scope = manager.newSubManager()) {
      NDArray packed = scope.create(packed(parts, batch, rows, columns));
      int examples = batch.lengths.size() == 1 ? batch.all.size() : 1;
      DrawKernels.Unpacked unpacked =
          kernels.unpack(scope, packed, examples, batch.positions / examples, rows);
      NDArray logits = logits(batch, unpacked); // [R, V]
      int first = 0;
      for (CallPart part : parts) {
        int last = first + part.rows();
        NDArray own = parts.size() == 1 ? logits : rows(logits, first, last);
        boolean isAll = parts.size() == 1 || part.columns() == 0;
        NDArray noise = isAll ? unpacked.noise() : columns(unpacked.noise(), part, first, last);
        part.take(kernels, scope, own, noise);
        first = last;
      }
    }
  }

  private NDArray logits(Batch batch, DrawKernels.Unpacked unpacked) {
    Condition condition = condition(batch.all);
    if (batch.lengths.size() == 1) {
      return denoiser.logits(unpacked.zt(), condition, unpacked.rows());
    }
    List<NDArray> zts = new ArrayList<>();
    int first = 0;
    for (Map.Entry<Integer, List<ShownSequence>> each : batch.lengths.entrySet()) {
      int examples = each.getValue().size();
      int last = first + examples * each.getKey();
      NDArray own = unpacked.zt().get(new NDIndex("0, {}:{}", first, last));
      zts.add(own.reshape(new Shape(examples, each.getKey())));
      first = last;
    }
    return denoiser.mixedLengths().orElseThrow().logits(zts, condition, unpacked.rows());
  }

  /** Returns the times, classes and vectors of sequences. */
  static Condition condition(List<? extends ShownSequence> group) {
    return condition(group, queries(group));
  }

  /** Returns the times, classes and vectors of sequences that are asked something else. */
  static Condition condition(List<? extends ShownSequence> group, List<TrajectoryQuery> queries) {
    double[] times = new double[queries.size()];
    for (int b = 0; b < times.length; b++) {
      times[b] = queries.get(b).point().time();
    }
    int[] labels = group.stream().flatMapToInt(ShownSequence::labels).toArray();
    return new Condition(times, labels)
        .with(queries.stream().map(TrajectoryQuery::vectors).toList());
  }

  private static List<TrajectoryQuery> queries(List<? extends ShownSequence> group) {
    return group.stream().map(ShownSequence::query).toList();
  }

  /** Returns the draws of a part by a network that draws itself; empty where none does. */
  private Optional<double[]> atOnce(CallPart part) {
    return part.drawing()
        .flatMap(drawing -> drawing.draw().inversion(drawing.law()))
        .flatMap(
            inversion -> StepDraws.of(denoiser).flatMap(network -> draw(network, part, inversion)));
  }

  private static Optional<double[]> draw(StepDraws network, CallPart part, Inversion inversion) {
    List<? extends ShownSequence> group = part.sequences();
    List<StepRows> ofEach = new ArrayList<>();
    for (TrajectoryQuery query : queries(group)) {
      ofEach.add(new StepRows.Given(query.positions(), query.noise()[0]));
    }
    StepRows rows = StepRows.joined(ofEach, group.get(0).shown().length);
    return network.draw(tokens(group), condition(group), rows.positions(), rows.u(), inversion);
  }

  /** Returns the tokens shown, [B N]. */
  static int[] tokens(List<? extends ShownSequence> sequences) {
    int length = sequences.get(0).shown().length;
    int[] tokens = new int[sequences.size() * length];
    for (int b = 0; b < sequences.size(); b++) {
      System.arraycopy(sequences.get(b).shown(), 0, tokens, b * length, length);
    }
    return tokens;
  }

  private static NDArray rows(NDArray logits, int first, int last) {
    return logits.get(new NDIndex("{}:{}", first, last)); // [r, V]
  }

  private static NDArray columns(NDArray noise, CallPart part, int first, int last) {
    return noise.get(new NDIndex("0:{}, {}:{}", part.columns(), first, last)); // [c, r]
  }

  /** Returns tokens [T], flat positions [R], noise [c, R]; a double holds each exactly. */
  private static double[] packed(List<CallPart> parts, Batch batch, int rows, int columns) {
    double[] packed = new double[batch.positions + rows * (1 + columns)];
    int row = batch.positions;
    for (CallPart part : parts) {
      for (ShownSequence sequence : part.sequences()) {
        TrajectoryQuery query = sequence.query();
        int[] z = sequence.shown();
        int start = batch.starts.get(sequence);
        for (int n = 0; n < z.length; n++) {
          packed[start + n] = z[n];
        }
        for (int r = 0; r < query.positions().length; r++, row++) {
          packed[row] = start + query.positions()[r];
          for (int c = 0; c < query.noise().length; c++) {
            packed[row + (1 + c) * rows] = query.noise()[c][r];
          }
        }
      }
    }
    return packed;
  }
}
