// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** A sequence that is partly masked and changes: its tokens, its masks, and its own noise. */
final class PartialSequence {
  private static final int FEW =
      4; // noise of less than a fourth of the positions is made one by one

  private final SamplingContext context;
  private final InitialSequence initial;
  private final int[] z;

  PartialSequence(SamplingContext context, InitialSequence initial) {
    this.context = context;
    this.initial = initial;
    this.z = initial.zt().clone();
  }

  /** Returns the sequence as it is now, [N]; not to be changed by the caller. */
  int[] z() {
    return z;
  }

  /** Returns N. */
  int length() {
    return z.length;
  }

  /** Returns whether a position is masked now. */
  boolean isMasked(int position) {
    return context.space().isMask(z[position]);
  }

  /** Returns whether a position is part of the given tokens, which never change. */
  boolean isFrozen(int position) {
    return !context.space().isMask(initial.zt()[position]);
  }

  /** Returns the masked positions, rising. */
  int[] masked() {
    return positions(this::isMasked);
  }

  /** Returns the positions of which something holds, rising. */
  int[] positions(IntPredicate holds) {
    int[] positions = new int[z.length];
    int count = 0;
    for (int n = 0; n < z.length; n++) {
      if (holds.test(n)) {
        positions[count++] = n;
      }
    }
    return Arrays.copyOf(positions, count);
  }

  /** Returns the uniforms of a step at all positions, [N]. */
  double[] uniforms(Purpose purpose, int step) {
    return context.noise().uniforms(purpose, step, initial.index(), z.length);
  }

  /** Returns the uniforms of a step at {@code positions}, [R]. */
  double[] uniforms(Purpose purpose, int step, int[] positions) {
    double[] chosen = new double[positions.length];
    if (chosen.length < z.length / FEW) {
      Arrays.setAll(chosen, r -> uniform(purpose, step, positions[r]));
    } else {
      double[] all = uniforms(purpose, step);
      Arrays.setAll(chosen, r -> all[positions[r]]);
    }
    return chosen;
  }

  /** Returns the uniform of a step at a position. */
  double uniform(Purpose purpose, int step, int position) {
    return context.noise().uniform(purpose, step, initial.index(), position);
  }

  /** Fills a block of random bits of a step at a position. */
  void fill(int[] block, Purpose purpose, int step, int position) {
    context.noise().fill(block, purpose, step, initial.index(), position);
  }

  /** Returns whether a row was drawn to be a mask, which reveals nothing. */
  boolean isMask(Draws draws, int row) {
    return context.space().isMask(draws.token(row));
  }

  /** Replaces the token at a position by the one drawn in a row. */
  void reveal(GridPoint point, int position, Draws draws, int row, Trajectory.Changes changes) {
    z[position] = draws.token(row);
    changes.changed(point, position, z[position], draws.probability(row));
  }

  /** Masks a position again. */
  void mask(GridPoint point, int position, Trajectory.Changes changes) {
    z[position] = context.space().maskToken();
    changes.changed(point, position, z[position], Double.NaN);
  }
}
