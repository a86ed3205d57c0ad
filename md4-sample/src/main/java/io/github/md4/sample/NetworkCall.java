// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.network.StepDraws;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * A call of the network for sequences of one length: one array goes to the device before it, and
 * what each way of drawing has drawn comes back after it, with no wait between.
 *
 * @param manager the manager, and so the device, of the arrays that the denoiser is given; every
 *     array is freed at the end of the call
 */
record NetworkCall(NDManager manager, Denoiser denoiser, DrawKernels kernels) {

  /** A way of drawing tokens from logits. */
  record Drawing(RowDraw draw, TokenLaw law) {}

  /** The sequences of a call that draw in one way. */
  record Part(Drawing drawing, List<ActiveSequence> sequences) {
    private int rows() {
      return BatchedQuery.rows(sequences);
    }

    /** Returns the tokens shown, [B N]. */
    private int[] tokens() {
      return sequences.stream().flatMapToInt(each -> Arrays.stream(each.shown())).toArray();
    }

    /** Returns the flat positions asked about, [R]. */
    private int[] positions() {
      int length = sequences.get(0).shown().length;
      return IntStream.range(0, sequences.size())
          .flatMap(
              b -> Arrays.stream(sequences.get(b).query().positions()).map(n -> b * length + n))
          .toArray();
    }

    /** Returns the first noise of each position, [R]. */
    private double[] uniforms() {
      return sequences.stream()
          .flatMapToDouble(each -> Arrays.stream(each.query().noise()[0]))
          .toArray();
    }

    private int columns() {
      return sequences.get(0).query().noise().length;
    }
  }

  /**
   * Computes the logits of all parts at once and draws for each.
   *
   * @param parts at least one
   * @param drawn takes the draws of each part, [3, R], or what went wrong with it alone
   */
  void run(List<Part> parts, BiConsumer<Part, Outcome> drawn) {
    List<ActiveSequence> all = parts.stream().flatMap(part -> part.sequences.stream()).toList();
    if (parts.size() == 1) {
      Optional<double[]> draws = atOnce(parts.get(0));
      if (draws.isPresent()) {
        drawn.accept(parts.get(0), new Outcome(draws.get(), null));
        return;
      }
    }
    int length = all.get(0).shown().length;
    int rows = BatchedQuery.rows(all);
    int columns = parts.stream().mapToInt(Part::columns).max().orElseThrow();
    try (NDManager scope = manager.newSubManager()) {
      NDArray packed = scope.create(packed(all, length, rows, columns));
      DrawKernels.Unpacked unpacked = kernels.unpack(scope, packed, all.size(), length, rows);
      NDArray logits =
          denoiser.logits(unpacked.zt(), NetworkQuery.condition(all), unpacked.rows()); // [R, V]
      int first = 0;
      for (Part part : parts) {
        int last = first + part.rows();
        NDArray own = parts.size() == 1 ? logits : rows(logits, first, last);
        NDArray noise =
            parts.size() == 1 ? unpacked.noise() : columns(unpacked.noise(), part, first, last);
        drawn.accept(part, draw(scope, part, own, noise));
        first = last;
      }
    }
  }

  /** Returns the draws of a part by a network that draws itself; empty where none does. */
  private Optional<double[]> atOnce(Part part) {
    return part.drawing
        .draw
        .inversion(part.drawing.law)
        .flatMap(
            confidence ->
                StepDraws.of(denoiser)
                    .flatMap(
                        network ->
                            network.draw(
                                part.tokens(),
                                NetworkQuery.condition(part.sequences),
                                part.positions(),
                                part.uniforms(),
                                confidence)));
  }

  /** The draws of a part, or why there are none. */
  record Outcome(double[] draws, RuntimeException failure) {

    double[] drawsOrThrow() {
      if (failure != null) {
        throw failure;
      }
      return draws;
    }
  }

  private Outcome draw(NDManager scope, Part part, NDArray logits, NDArray noise) {
    try {
      Drawing drawing = part.drawing;
      NDArray draws = drawing.draw.draw(kernels, scope, drawing.law, logits, noise);
      return new Outcome(draws.toDoubleArray(), null);
    } catch (RuntimeException e) {
      return new Outcome(null, e);
    }
  }

  private static NDArray rows(NDArray logits, int first, int last) {
    return logits.get(new NDIndex("{}:{}", first, last)); // [r, V]
  }

  private static NDArray columns(NDArray noise, Part part, int first, int last) {
    return noise.get(new NDIndex("0:{}, {}:{}", part.columns(), first, last)); // [c, r]
  }

  /** Returns tokens [B, N], flat positions [R], noise [c, R]; a double holds each exactly. */
  private static double[] packed(List<ActiveSequence> group, int length, int rows, int columns) {
    double[] packed = new double[group.size() * length + rows * (1 + columns)];
    int row = group.size() * length;
    for (int b = 0; b < group.size(); b++) {
      TrajectoryQuery query = group.get(b).query();
      int[] z = group.get(b).shown();
      for (int n = 0; n < length; n++) {
        packed[b * length + n] = z[n];
      }
      for (int r = 0; r < query.positions().length; r++, row++) {
        packed[row] = b * length + query.positions()[r];
        for (int c = 0; c < query.noise().length; c++) {
          packed[row + (1 + c) * rows] = query.noise()[c][r];
        }
      }
    }
    return packed;
  }
}
